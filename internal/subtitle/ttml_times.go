package subtitle

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// setParameter sets the frame rate or the tick rate from an attribute of the tt element. Others,
// and invalid values, are ignored.
func (f *ttmlFile) setParameter(a xml.Attr) {
	v, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64)
	good := err == nil && v > 0 && v < 1e9
	switch a.Name.Local {
	case "frameRate":
		if good {
			f.frameRate *= v / 30
		}
		if good && f.ticksPerSecond == 0 {
			f.ticksPerSecond = -1
		}
	case "subFrameRate":
		if good {
			f.subFrameRate = v
		}
	case "tickRate":
		if good {
			f.ticksPerSecond = v
		}
	case "frameRateMultiplier":
		num, den, ok := strings.Cut(strings.ReplaceAll(strings.TrimSpace(a.Value), ":", " "), " ")
		n, err1 := strconv.ParseFloat(num, 64)
		d, err2 := strconv.ParseFloat(strings.TrimSpace(den), 64)
		if ok && err1 == nil && err2 == nil && n > 0 && d > 0 {
			f.frameRate *= n / d
		}
	}
}

// setElementTimes sets when an element begins and ends. The times begin, end and dur count from the
// beginning of its parent or, in a sequence, from the end of the element before it. An element ends
// no later than its parent. A time that cannot be read is reported; one that is too large is an
// inputerr.Error.
func (f *ttmlFile) setElementTimes(e *ttmlElement, parent ttmlElement, begin, end, dur string, line int) error {
	from := parent.begin
	if parent.seq {
		from = parent.nextChild
	}
	e.begin = from
	limit := time.Duration(endUnknown)
	if len(f.stack) > 0 {
		limit = parent.end
	}
	for _, v := range []struct {
		s  string
		do func(t time.Duration)
	}{
		{begin, func(t time.Duration) { e.begin = from + t }},
		{end, func(t time.Duration) { e.end = from + t }},
		{dur, func(t time.Duration) {
			if e.end == endUnknown || e.begin+t < e.end {
				e.end = e.begin + t
			}
		}},
	} {
		if v.s == "" {
			continue
		}
		t, ok := f.parseTime(v.s)
		switch {
		case !ok:
			f.add(line, "time-unreadable", "text", v.s)
			continue
		case t < 0:
			return inputerr.Coded("subtitles.time_too_large", "has a time that is too large: {time}", "time", quote(v.s)).In(f.name).At(line).Hint("Correct the hours")
		}
		e.timed = true
		v.do(t)
	}
	e.nextChild = e.begin
	if limit != endUnknown && (e.end == endUnknown || e.end > limit) {
		e.end = limit
	}
	return nil
}

// parseTime parses a clock time, with a fraction or frames, or a number with its unit, such as
// "1.5s". ok is false if it is neither. A time that is too large is negative.
func (f *ttmlFile) parseTime(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if parts := strings.Split(s, ":"); len(parts) == 4 {
		t := parseClock(strings.Join(parts[:3], ":"))
		frames, sub, _ := strings.Cut(parts[3], ".")
		n, err := strconv.ParseFloat(frames, 64)
		if t.length == 0 || t.quirks&quirkNoFraction == 0 || err != nil {
			return 0, false
		}
		if k, err := strconv.ParseFloat(sub, 64); err == nil {
			n += k / f.subFrameRate
		}
		return f.toDuration(float64(t.ms)/1000+n/f.frameRate, t.tooFar), true
	}
	if t := parseClock(s); t.length > 0 {
		return f.toDuration(0, t.tooFar) + time.Duration(t.ms)*time.Millisecond, t.length == len(s)
	}
	unit := strings.TrimLeft(s, "0123456789.")
	v, err := strconv.ParseFloat(s[:len(s)-len(unit)], 64)
	if err != nil {
		return 0, false
	}
	size, ok := map[string]float64{"h": 3600, "m": 60, "s": 1, "ms": 0.001, "f": 1 / f.frameRate, "t": 1 / f.tickRate()}[unit]
	return f.toDuration(v*size, false), ok
}

// tickRate returns the number of ticks a second: the declared one, or that of the frames, or 1.
func (f *ttmlFile) tickRate() float64 {
	switch {
	case f.ticksPerSecond > 0:
		return f.ticksPerSecond
	case f.ticksPerSecond < 0:
		return f.frameRate * f.subFrameRate
	}
	return 1
}

// toDuration converts seconds to a duration, rounded to milliseconds. If far is set, or s is too
// large, it is negative.
func (f *ttmlFile) toDuration(s float64, far bool) time.Duration {
	if far || s > maxTimeMS/1000 {
		return -time.Hour
	}
	return time.Duration(s*1000+0.5) * time.Millisecond
}
