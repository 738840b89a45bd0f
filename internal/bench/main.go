// Command bench makes the media that Lectern is measured with.
//
//	go run ./internal/bench -media DIR
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir := flag.String("media", "", "where generated media are kept")
	length := flag.Duration("talk", 10*time.Minute, "length of the talk")
	size := flag.Int64("big", 0, "bytes of a recording of three hours; 0 makes none")
	flag.Parse()
	if err := run(ctx, *dir, *length, *size); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, length time.Duration, size int64) error {
	tools, err := media.Find()
	if err != nil {
		return err
	}
	studio := Studio{Tools: tools, Dir: dir}
	path, err := studio.Talk(ctx, Talk{Length: length, Width: 1920, Height: 1080, Rate: timeline.Rate{Num: 25, Den: 1}})
	if err != nil {
		return err
	}
	fmt.Println(path)
	if size == 0 {
		return nil
	}
	if path, err = studio.Big(ctx, size, 3*time.Hour); err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}
