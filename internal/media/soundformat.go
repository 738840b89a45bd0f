package media

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// SoundFormat is the format of a sound stream from some time on.
type SoundFormat struct {
	At       time.Duration `json:"at"` // from the container's start
	Hz       int           `json:"hz"`
	Channels int           `json:"channels"`
}

// String returns the format as "44.1 kHz, 2 ch".
func (f SoundFormat) String() string {
	return fmt.Sprintf("%g kHz, %d ch", float64(f.Hz)/1000, f.Channels)
}

// addFormats looks for changes of the format in the sound streams where the container and the
// codec allow any.
func (t Tools) addFormats(ctx context.Context, path, name string, p *Probe, start time.Duration) error {
	for i := range p.Audio {
		a := &p.Audio[i]
		if !mayChangeFormat(p.Format, a.Codec) {
			continue
		}
		formats, err := t.soundFormats(ctx, path, a.Stream, start)
		if err != nil {
			return fmt.Errorf("look for changes of the sound of %s: %w", name, err)
		}
		if len(formats) < 2 {
			continue
		}
		if len(p.Jumps) > 0 {
			return inputerr.Coded("recording.sound_changes", "has sound whose format changes at {time}, and timestamps that jump", "time", timeline.FormatClock(formats[1].At)).In(name).
				Hint("Split it there, and use its parts in the order they were made")
		}
		a.Formats = formats
		p.Indexed = false // the copy has one format
	}
	return nil
}

// mayChangeFormat reports whether the format of a sound can change within a file.
func mayChangeFormat(container, codec string) bool {
	if slices.Contains([]string{"mpegts", "mpeg", "flv"}, container) {
		return true
	}
	return slices.Contains([]string{"mp2", "mp3", "ac3", "eac3", "dts", "aac_latm"}, codec) && strings.HasPrefix(container, "matroska,")
}

// soundFormats decodes a sound stream, and returns its formats in the order they come. A format
// counts only if it lasts; damaged packets may look like any.
func (t Tools) soundFormats(ctx context.Context, path string, stream int, start time.Duration) (all []SoundFormat, err error) {
	// Each half second of decoded sound is printed with its time, in samples and in seconds, and
	// one line for each channel.
	const filters = "asetnsamples=n=24000,astats=metadata=1:reset=1:measure_perchannel=Peak_level:measure_overall=none,ametadata=print:file=pipe\\\\:1"
	args := append([]string{"-copyts", "-vn", "-sn", "-dn"}, InputArgs(path)...)
	args = append(args, "-map", "0:"+strconv.Itoa(stream), "-af", filters, "-f", "null", "-")
	var f formatReader
	_, err = t.Stream(ctx, args, func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			f.read(lines.Text())
		}
		f.finish()
		return lines.Err()
	})
	for i := range f.all {
		f.all[i].At -= start
	}
	return f.all, err
}

// formatReader reads what soundFormats prints.
type formatReader struct {
	all []SoundFormat
	now SoundFormat
}

func (r *formatReader) read(line string) {
	rest, isFrame := strings.CutPrefix(line, "frame:")
	if !isFrame {
		if strings.Contains(line, "Peak_level=") {
			r.now.Channels++
		}
		return
	}
	r.finish()
	var n, samples int64
	var seconds float64
	if _, err := fmt.Sscanf(rest, "%d pts:%d pts_time:%g", &n, &samples, &seconds); err != nil || seconds <= 0 {
		return
	}
	r.now = SoundFormat{At: time.Duration(seconds * float64(time.Second)), Hz: int(math.Round(float64(samples)/seconds/25)) * 25}
}

// finish takes the half second that was read into account.
func (r *formatReader) finish() {
	n := len(r.all)
	if now := r.now; now.Hz > 0 && now.Channels > 0 && (n == 0 || r.all[n-1].Hz != now.Hz || r.all[n-1].Channels != now.Channels) {
		r.all = append(r.all, now)
	}
	r.now = SoundFormat{}
}
