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

// DeclaredLength returns how long the recording at path is according to its container. It may lack
// video or sound. It returns an *inputerr.Error if the recording is at fault: the file is missing
// or no recording, or has no length or an implausible one. name is its name in errors.
func (t Tools) DeclaredLength(ctx context.Context, path, name string) (time.Duration, error) {
	c, err := t.openRecording(ctx, path, name)
	if err != nil {
		return 0, err
	}
	length := c.declared()
	switch {
	case length <= 0:
		return 0, inputerr.Coded("recording.no_length", "does not say how long it is").In(name).Hint("Copy it into MP4 or Matroska, which say it")
	case length > maxLength:
		return 0, Probe{Readable: length}.checkPlausibleLength(name)
	}
	return length, nil
}

// AudioLevels returns the levels of the first sound stream of the recording at path in dB, one for
// each 10 ms from the container's start, rounded as in a LevelsFile. It writes no files and needs
// no video. It returns an *inputerr.Error if the recording is at fault; name is its name in errors.
// progress may be nil; it gets the fraction done.
func (t Tools) AudioLevels(ctx context.Context, path, name string, progress func(fraction float64)) (levels []float32, err error) {
	c, err := t.openRecording(ctx, path, name)
	if err != nil {
		return nil, err
	}
	sound, err := c.firstAudioStream(name)
	if err != nil {
		return nil, err
	}
	length := min(c.declared(), maxLength)
	most := length + time.Minute // a damaged timestamp must not produce hours of silence
	if length == 0 {
		most = maxLength
	}
	from := sampleAt(c.startTime())
	err = t.decodeAudio(ctx, path, decodeRequest{stream: sound, from: from, to: from + sampleAt(most)}, func(left, right []float32) error {
		levels = appendLevels(levels, left, right)
		if progress != nil && length > 0 {
			progress(min(1, float64(len(levels))*0.01/length.Seconds()))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listen to %s: %w", name, err)
	}
	return levels, nil
}

// appendLevels appends the level of each 10 ms of left and right, both channels together, in dB,
// rounded as in a LevelsFile.
func appendLevels(levels []float32, left, right []float32) []float32 {
	for from := 0; from < len(left); from += frameSamples {
		var power float64
		for i := from; i < min(len(left), from+frameSamples); i++ {
			power += float64(left[i]*left[i]) + float64(right[i]*right[i])
		}
		levels = append(levels, float32(levelByte(10*math.Log10(power/(2*frameSamples))))/2+minLevel)
	}
	return levels
}

// openRecording returns the container of the file at path. It returns an *inputerr.Error if the
// file is missing or is not a recording.
func (t Tools) openRecording(ctx context.Context, path, name string) (container, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return container{}, inputerr.Coded("recording.missing", "does not exist").In(name).Hint("Check the name of the recording")
	}
	if err := checkHead(path, name); err != nil {
		return container{}, err
	}
	c, err := t.container(ctx, path)
	var failed *ToolError
	switch {
	case errors.As(err, &failed) && failed.ExitCode > 0:
		return c, unreadableFault(path, name, failed.Stderr)
	case err != nil:
		return c, fmt.Errorf("probe %s: %w", name, err)
	}
	return c, nil
}

// firstAudioStream returns the index of the first sound stream. It returns an *inputerr.Error if
// there is none; name is the recording's name in it.
func (c container) firstAudioStream(name string) (int, error) {
	for _, s := range c.Streams {
		if s.Kind == "audio" && s.Channels > 0 {
			return s.Index, nil
		}
	}
	return 0, inputerr.Coded("recording.no_audio", "has no sound").In(name).Hint("Use the recording that has the speaker's voice")
}
