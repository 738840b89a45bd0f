package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/media"
)

// The shim stands on PATH in front of ffmpeg and ffprobe. It runs the real program, and logs in a
// file of its own when it began and ended, and its arguments.
const shim = `#!/bin/sh
began=$(date +%%s%%N)
%[1]s "$@"
code=$?
{ printf '%%s\0' "$began" "$(date +%%s%%N)" %[2]s "$@"; } >"$%[3]s/$$.$began"
exit $code
`

// shimLog names the directory that the shim writes to.
const shimLog = "LECTERN_BENCH_LOG"

// makeShims creates dir, and writes shims of ffmpeg and ffprobe into it.
func makeShims(tools media.Tools, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make a place for shims: %w", err)
	}
	for name, path := range map[string]string{"ffmpeg": tools.FFmpeg, "ffprobe": tools.FFprobe} {
		script := fmt.Sprintf(shim, shellQuote(path), name, shimLog)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			return fmt.Errorf("write a shim: %w", err)
		}
	}
	return nil
}

// Program is one run of ffmpeg or ffprobe, as the shim saw it.
type Program struct {
	Began, Ended time.Time
	Name         string
	Args         []string
}

// readShims returns the programs in the logs that the shims wrote to dir.
func readShims(dir string) (all []Program, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read what the shims wrote: %w", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read what the shims wrote: %w", err)
		}
		words := strings.Split(string(text), "\x00")
		if len(words) < 4 {
			return nil, fmt.Errorf("the shim wrote only %q", text)
		}
		p := Program{Name: words[2], Args: words[3 : len(words)-1]}
		for i, at := range []*time.Time{&p.Began, &p.Ended} {
			ns, err := strconv.ParseInt(words[i], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("the shim wrote no time: %w", err)
			}
			*at = time.Unix(0, ns)
		}
		all = append(all, p)
	}
	return all, nil
}

// Programs are the programs that one run of Lectern started.
type Programs []Program

func (all Programs) filter(are func(Program) bool) (some Programs) {
	for _, p := range all {
		if are(p) {
			some = append(some, p)
		}
	}
	return some
}

// span returns the seconds from the start of the first program to the end of the last, or 0 without
// programs.
func (all Programs) span() float64 {
	if len(all) == 0 {
		return 0
	}
	began := slices.MinFunc(all, func(a, b Program) int { return a.Began.Compare(b.Began) }).Began
	ended := slices.MaxFunc(all, func(a, b Program) int { return a.Ended.Compare(b.Ended) }).Ended
	return ended.Sub(began).Seconds()
}

// encodes reports whether the program encodes pictures: an output names a video codec other than
// "copy". Lectern names the codec of every output that it keeps.
func (p Program) encodes() bool {
	for i, a := range p.Args[:max(0, len(p.Args)-1)] {
		if a == "-c:v" && p.Args[i+1] != "copy" {
			return true
		}
	}
	return false
}

// readsInput reports whether the path of an input ends in end.
func (p Program) readsInput(end string) bool {
	for i, a := range p.Args[:max(0, len(p.Args)-1)] {
		if a == "-i" && strings.HasSuffix(p.Args[i+1], end) {
			return true
		}
	}
	return false
}

// encodesStill reports whether the program encodes a single picture, for a thumbnail.
func (p Program) encodesStill() bool { return p.encodes() && slices.Contains(p.Args, "mjpeg") }

// encodesVideo reports whether the program encodes video, and not just a still.
func (p Program) encodesVideo() bool { return p.encodes() && !p.encodesStill() }

// drawsCard reports whether the program draws a card: only cards use libass.
func (p Program) drawsCard() bool {
	return slices.ContainsFunc(p.Args, func(a string) bool { return strings.Contains(a, "ass=") })
}
