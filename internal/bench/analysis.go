package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

func analysisBenchmark() Benchmark {
	const work = "what is wrong with a recording, 5 minutes of 1080p"
	return Benchmark{
		Name: "analysis",
		Method: "`lectern probe` reads all packets of five minutes of 1080p with a keyframe every two seconds, then\n" +
			"goes through sound and keyframes in one pass. Times are of processors, all programs together, as if\n" +
			"there were a single core; what plain ffmpeg takes to decode the picture alone is beside it.",
		Measure: measureAnalysis,
		Evaluate: func(rounds []Round) []TableLine {
			pace := medianOf(rounds, func(r Round) float64 { return r.Values["length"] / r.Values["lectern"] })
			return []TableLine{{
				Task: work, Lectern: formatSeconds(median(rounds, "lectern")), Baseline: "decoding: " + formatSeconds(median(rounds, "decoding")),
				Ratio: fmt.Sprintf("%.0f × real time", pace), Target: "≥ 20 × real time", Met: pace >= 20,
			}}
		},
	}
}

func measureAnalysis(ctx context.Context, b *Bench, n int, into *Round) error {
	length := forSize(b, 5*time.Minute, 10*time.Second)
	talk, err := b.generator.LargeRecording(ctx, int64(length.Seconds()*700e3), length)
	if err != nil {
		return err
	}
	into.Values["length"] = length.Seconds()
	return runRotated(n,
		func() error { return b.cpuTime(ctx, into, "lectern", b.lectern, "probe", talk, "--json") },
		func() error {
			return b.cpuTime(ctx, into, "decoding", "ffmpeg", "-v", "error", "-i", talk, "-map", "0:v:0", "-f", "null", "-")
		},
	)
}

// cpuTime runs a command, and records the processor time of it and its children, in seconds, as the
// value called of.
func (b *Bench) cpuTime(ctx context.Context, into *Round, of string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	_, err := b.timeUntilSynced(ctx, into, func() ([]string, error) {
		said, err := cmd.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", b.displayCommand(command), err, said)
		}
		return nil, nil
	}, command)
	if err == nil {
		into.Values[of] = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	return err
}
