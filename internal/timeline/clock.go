package timeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseClock reads a time as people write it: "00:03:10", "00:03:10.250", "3:10" or
// "190.25" (seconds). Minutes and seconds that follow a colon are below sixty.
func ParseClock(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a time: write HH:MM:SS, MM:SS or seconds, with .mmm if need be", s)
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, bad
	}
	whole, fraction, point := strings.Cut(parts[len(parts)-1], ".")
	parts[len(parts)-1] = whole
	var t time.Duration
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || i > 0 && (n > 59 || len(part) > 2) {
			return 0, bad
		}
		t = t*60 + time.Duration(n)*time.Second
	}
	if !point {
		return t, nil
	}
	if len(fraction) == 0 || len(fraction) > 9 {
		return 0, bad
	}
	n, err := strconv.ParseUint(fraction, 10, 32)
	if err != nil {
		return 0, bad
	}
	for range 9 - len(fraction) {
		n *= 10
	}
	return t + time.Duration(n), nil
}

// FormatClock writes a time as HH:MM:SS, with .mmm where it is not a whole second.
// ParseClock reads it back, to the millisecond.
func FormatClock(t time.Duration) string {
	t = t.Round(time.Millisecond)
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	s := fmt.Sprintf("%s%02d:%02d:%02d", sign, t/time.Hour, t/time.Minute%60, t/time.Second%60)
	if ms := t / time.Millisecond % 1000; ms != 0 {
		s += fmt.Sprintf(".%03d", ms)
	}
	return s
}
