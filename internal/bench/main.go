// Command bench measures Lectern against plain ffmpeg and plain copies, side by side on generated
// media, and keeps the results in BENCHMARKS.md.
//
//	go run ./internal/bench -only ladder,vp9 -rounds 1
//
// Each row of the table can be measured by itself. Every round is saved, so that an interrupted row
// continues with the missing rounds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// benchmarks returns all benchmarks in the order of the table. "nothing" uses what "long" has made.
func benchmarks() []Benchmark {
	return []Benchmark{ladderBenchmark(), vp9Benchmark(), recutBenchmark(), captionBenchmark(), titleBenchmark(), longBenchmark(), unchangedBenchmark(), actionsBenchmark(), analysisBenchmark(), av1Benchmark(), uploadBenchmark(), pagesBenchmark()}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	var names []string
	for _, r := range benchmarks() {
		names = append(names, r.Name)
	}
	only := flags.String("only", "", "rows to measure, separated by commas; all of them otherwise: "+strings.Join(names, ", "))
	rounds := flags.Int("rounds", 3, "how often each row is measured; the median counts")
	small := flags.Bool("small", false, "measure on media so small that only the program itself is tried; the results are shown and not kept")
	lectern := flags.String("lectern", "bin/lectern", "the `program` that is measured")
	cache := flags.String("cache", ".cache/bench", "`directory` for generated media (20 GB and more) and the rounds of each row")
	table := flags.String("table", "BENCHMARKS.md", "`file` that keeps the results")
	inner := flags.Int("actions", 0, "measure `N` actions in this very process and print JSON; what the row of that name runs")
	receive := flags.String("receive", "", "take uploads into `directory` in this very process until standard input ends; what the row upload runs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *inner > 0 {
		return runActions(ctx, *inner)
	}
	if *receive != "" {
		return runReceiver(ctx, *receive)
	}
	chosen, err := selectBenchmarks(*only)
	if err != nil {
		return err
	}
	b, err := newBench(*lectern, *cache, *small)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	book := ResultStore{Table: *table, Rounds: filepath.Join(b.dir, "rounds")}
	if *small {
		book.Rounds = ""
		fmt.Println("On small media: this tries the bench itself, and the numbers mean nothing.")
	}
	for _, r := range chosen {
		if err := b.measure(ctx, r, *rounds, book); err != nil {
			return fmt.Errorf("%s: %w", r.Name, err)
		}
	}
	return nil
}

// selectBenchmarks returns the benchmarks whose names are in only, separated by commas, or all if
// it is "". An unknown name is an error.
func selectBenchmarks(only string) (chosen []Benchmark, err error) {
	if only == "" {
		return benchmarks(), nil
	}
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(benchmarks(), func(r Benchmark) bool { return r.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no row %q; see -help", name)
		}
		chosen = append(chosen, benchmarks()[i])
	}
	return chosen, nil
}

// measure runs the rounds of a benchmark that book does not have yet, saves each, prints the result
// and renders the table.
func (b *Bench) measure(ctx context.Context, r Benchmark, rounds int, book ResultStore) error {
	setting, err := b.environment(ctx)
	if err != nil {
		return err
	}
	result, err := book.resumable(r.Name, setting, rounds)
	if err != nil {
		return err
	}
	for n := len(result.Rounds); n < rounds; n++ {
		fmt.Fprintf(os.Stderr, "%s, round %d of %d\n", r.Name, n+1, rounds)
		round := Round{Values: make(map[string]float64)}
		if err := r.Measure(ctx, b, n, &round); err != nil {
			return err
		}
		result.add(round)
		if err := book.save(r.Name, result); err != nil {
			return err
		}
	}
	fmt.Println(formatTable(r.Evaluate(result.Rounds), len(result.Rounds)))
	return book.renderTable(benchmarks())
}
