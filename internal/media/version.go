package media

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// FFmpegVersion returns the version that ffmpeg reports, such as "5.1.9-0+deb12u1".
func (t Tools) FFmpegVersion(ctx context.Context) (string, error) {
	output, err := exec.CommandContext(ctx, t.FFmpeg, "-version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", t.FFmpeg, err)
	}
	line, _, _ := bytes.Cut(output, []byte("\n"))
	words := strings.Fields(string(line)) // "ffmpeg version 5.1.9-0+deb12u1 Copyright …"
	if len(words) < 3 {
		return "", fmt.Errorf("%s does not say its version", t.FFmpeg)
	}
	return words[2], nil
}
