package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Length is how long the recording at path, which people know as name, declares itself to
// be. It may have no picture, or no sound. What is wrong with it is a *inputerr.Fault.
func (t Tools) Length(ctx context.Context, path, name string) (time.Duration, error) {
	c, err := t.look(ctx, path, name)
	if err != nil {
		return 0, err
	}
	length := c.declared()
	switch {
	case length <= 0:
		return 0, inputerr.New(name, "does not say how long it is").Try("Copy it into MP4 or Matroska, which say it")
	case length > longest:
		return 0, Probe{Readable: length}.endless(name)
	}
	return length, nil
}

// Hear is the levels of the first sound stream of the recording at path, which people
// know as name, as Analyse would store them: dB, one for every 10 ms from the container's
// start. It leaves no files and asks for no picture. on, which may be nil, is told the
// fraction that is done. What is wrong with the recording is a *inputerr.Fault.
func (t Tools) Hear(ctx context.Context, path, name string, on func(fraction float64)) (levels []float32, err error) {
	c, err := t.look(ctx, path, name)
	if err != nil {
		return nil, err
	}
	sound, err := c.firstSound(name)
	if err != nil {
		return nil, err
	}
	length := min(c.declared(), longest)
	most := length + time.Minute // a damaged timestamp must not make hours of silence
	if length == 0 {
		most = longest
	}
	from := sampleAt(c.start())
	err = t.listen(ctx, path, sound, from, from+sampleAt(most), "", func(left, right []float32) error {
		levels = appendLevels(levels, left, right)
		if on != nil && length > 0 {
			on(min(1, float64(len(levels))*0.01/length.Seconds()))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listen to %s: %w", name, err)
	}
	return levels, nil
}

// appendLevels adds the levels of samples, as a LevelsFile has them.
func appendLevels(levels []float32, left, right []float32) []float32 {
	for from := 0; from < len(left); from += frameSize {
		var power float64
		for i := from; i < min(len(left), from+frameSize); i++ {
			power += float64(left[i]*left[i]) + float64(right[i]*right[i])
		}
		levels = append(levels, float32(level(10*math.Log10(power/(2*frameSize))))/2+quietest)
	}
	return levels
}

// look asks what the file at path is, and refuses what is no recording.
func (t Tools) look(ctx context.Context, path, name string) (container, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return container{}, inputerr.New(name, "does not exist").Try("Check the name of the recording")
	}
	if err := sniff(path, name); err != nil {
		return container{}, err
	}
	c, err := t.container(ctx, path)
	var failed *ToolError
	switch {
	case errors.As(err, &failed) && failed.ExitCode > 0:
		return c, unreadable(path, name, failed.Stderr)
	case err != nil:
		return c, fmt.Errorf("probe %s: %w", name, err)
	}
	return c, nil
}

// firstSound is the index of the first sound stream.
func (c container) firstSound(name string) (int, error) {
	for _, s := range c.Streams {
		if s.Kind == "audio" && s.Channels > 0 {
			return s.Index, nil
		}
	}
	return 0, inputerr.New(name, "has no sound").Try("Hand in the recording that has the speaker's voice")
}
