package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Benchmark is one row of the table: how to measure a round, and how to evaluate the rounds.
type Benchmark struct {
	Name     string
	Method   string // what exactly is compared, for readers of the table
	Measure  func(ctx context.Context, b *Bench, n int, into *Round) error
	Evaluate func(rounds []Round) []TableLine
}

// Round is what one round of a benchmark measured.
type Round struct {
	Values   map[string]float64 `json:"values"`   // seconds, bytes or a number, by what it is of
	Commands []string           `json:"commands"` // what the contestants ran, in the order they did
}

// TableLine is one line of the table.
type TableLine struct {
	Task     string
	Lectern  string
	Baseline string
	Ratio    string
	Target   string
	Met      bool
}

// median returns the median of the value called of over the rounds.
func median(rounds []Round, of string) float64 {
	return medianOf(rounds, func(r Round) float64 { return r.Values[of] })
}

func medianOf(rounds []Round, of func(Round) float64) float64 {
	all := values(rounds, of)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2
	}
	return all[len(all)/2]
}

// maxOf returns the largest value called of over the rounds.
func maxOf(rounds []Round, of string) float64 {
	return slices.Max(values(rounds, func(r Round) float64 { return r.Values[of] }))
}

// minOf returns the smallest value called of over the rounds.
func minOf(rounds []Round, of string) float64 {
	return slices.Min(values(rounds, func(r Round) float64 { return r.Values[of] }))
}

func values(rounds []Round, of func(Round) float64) (all []float64) {
	for _, r := range rounds {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return all
}

// compareTimes returns the line that compares the wall times of two contestants: their medians, and
// the median of the ratios within a round, which varying load affects least. reach is the largest
// ratio that is good enough.
func compareTimes(rounds []Round, work, ours, theirs string, reach float64) TableLine {
	ratio := medianOf(rounds, func(r Round) float64 { return r.Values[ours] / r.Values[theirs] })
	return TableLine{
		Task: work, Lectern: formatSeconds(median(rounds, ours)), Baseline: theirs + ": " + formatSeconds(median(rounds, theirs)),
		Ratio: fmt.Sprintf("%.3f", ratio), Target: fmt.Sprintf("≤ %.2f", reach), Met: ratio <= reach,
	}
}

func formatSeconds(s float64) string { return fmt.Sprintf("%.2f s", s) }

func formatMB(bytes float64) string { return fmt.Sprintf("%.0f MB", bytes/1e6) }

// formatTable returns lines as a Markdown table. rounds is how many rounds were measured.
func formatTable(lines []TableLine, rounds int) string {
	var s strings.Builder
	s.WriteString(tableHead)
	for _, l := range lines {
		s.WriteString(l.markdown(rounds))
	}
	return s.String()
}

const tableHead = "| work | Lectern | against | ratio | reach | | rounds |\n|---|---|---|---|---|---|---|\n"

func (l TableLine) markdown(rounds int) string {
	verdict := "pass"
	if !l.Met {
		verdict = "**miss**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %d |\n", l.Task, l.Lectern, l.Baseline, l.Ratio, l.Target, verdict, rounds)
}
