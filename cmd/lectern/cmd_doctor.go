package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/lectern-av/lectern/internal/media"
)

type doctorCmd struct {
	JSON bool `help:"Print JSON."`
}

// requirement is one thing that Lectern needs, and whether this machine has it.
type requirement struct {
	Name   string `json:"what"`
	OK     bool   `json:"ok"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`

	Optional bool `json:"optional,omitempty"` // most talks do without it
}

// Run implements `lectern doctor`: it prints what Lectern needs of this machine and whether it was
// found. The exit code is 1 if something is missing that is not optional.
func (c *doctorCmd) Run(ctx context.Context, t *console) error {
	checks := checkRequirements(ctx)
	bad := 0
	for _, ch := range checks {
		if !ch.OK && !ch.Optional {
			bad++
		}
	}
	if c.JSON {
		if err := t.printJSON(checks); err != nil {
			return err
		}
	} else {
		for _, ch := range checks {
			mark := "ok     "
			switch {
			case !ch.OK && ch.Optional:
				mark = "without"
			case !ch.OK:
				mark = "MISSING"
			}
			fmt.Fprintf(t.out, "%s  %-22s %s\n", mark, ch.Name, ch.Found)
			if ch.Remedy != "" {
				fmt.Fprintf(t.out, "         %s\n", ch.Remedy)
			}
		}
	}
	if bad > 0 {
		return errReported
	}
	return nil
}

const ffmpegInstallHint = "On Debian or Ubuntu: apt-get install ffmpeg. On Fedora: dnf install ffmpeg (RPM Fusion). On macOS: brew install ffmpeg."

// checkRequirements returns whether this machine has ffmpeg, the encoders, decoders and filters
// that Lectern needs from it, and fontconfig. Without ffmpeg it returns only that.
func checkRequirements(ctx context.Context) []requirement {
	tools, err := media.FindTools()
	if err != nil {
		return []requirement{{Name: "ffmpeg and ffprobe", Found: err.Error(), Remedy: ffmpegInstallHint}}
	}
	version, err := tools.FFmpegVersion(ctx)
	if err != nil {
		return []requirement{{Name: "ffmpeg", Found: err.Error(), Remedy: ffmpegInstallHint}}
	}
	checks := []requirement{{Name: "ffmpeg", OK: true, Found: version + ", " + tools.FFmpeg}}
	for _, want := range []struct {
		what, list, name, use string
		optional              bool
	}{
		{"H.264", "-encoders", "libx264", "encodes the videos", false},
		{"VP9", "-encoders", "libvpx-vp9", "encodes WebM, where a pipeline asks for it", false},
		{"AV1", "-encoders", "libsvtav1", "encodes AV1, where a pipeline asks for it", true},
		{"AAC", "-encoders", "aac", "encodes the audio", false},
		{"Opus", "-encoders", "libopus", "encodes the audio of WebM", false},
		{"zimg", "-filters", "zscale", "scales video", false},
		{"libass", "-filters", "ass", "draws the title cards", false},
		{"SVG", "-decoders", "librsvg", "reads SVG backgrounds of title cards", true},
		{"deinterlacer", "-filters", "bwdif", "reads interlaced recordings", false},
		{"high dynamic range", "-filters", "tonemap", "converts it for ordinary screens", true},
	} {
		ch := requirement{Name: want.what, Found: want.name + " " + want.use, Optional: want.optional}
		said, err := exec.CommandContext(ctx, tools.FFmpeg, "-hide_banner", "-v", "error", want.list).Output()
		ch.OK = err == nil && listsName(string(said), want.name)
		if !ch.OK {
			ch.Remedy = "This ffmpeg was built without " + want.name + ". " + ffmpegInstallHint
		}
		checks = append(checks, ch)
	}
	return append(checks, checkFontconfig())
}

// checkFontconfig returns whether this machine has fc-match, which Lectern uses to find a
// conference's own fonts by their names.
func checkFontconfig() requirement {
	n := requirement{Name: "fontconfig", OK: true, Found: "fc-match finds fonts by their names", Optional: true}
	if _, err := exec.LookPath("fc-match"); err != nil {
		n.OK, n.Remedy = false, "On Debian or Ubuntu: apt-get install fontconfig. On macOS: brew install fontconfig."
	}
	return n
}

// listsName reports whether a list that ffmpeg printed, such as that of -encoders, has name in its
// second column.
func listsName(listing, name string) bool {
	for line := range strings.Lines(listing) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == name {
			return true
		}
	}
	return false
}
