package timeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseClock parses a time as people write it: "00:03:10", "00:03:10.250", "3:10" or "190.25"
// (seconds). Minutes and seconds that follow a colon must be below 60. Negative times are an error.
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

// FormatClock returns a time as HH:MM:SS, followed by .mmm unless it is a whole second. It rounds
// to the millisecond. ParseClock parses the result, unless it is negative.
func FormatClock(t time.Duration) string {
	t = t.Round(time.Millisecond)
	if t%time.Second == 0 {
		return strings.TrimSuffix(FormatTimestamp(t), ".000")
	}
	return FormatTimestamp(t)
}

// FormatTimestamp returns a time as HH:MM:SS.mmm, as in WebVTT. (SubRip has a comma instead of the
// point.) Fractions of a millisecond are cut off, and a negative time has a minus sign in front.
func FormatTimestamp(t time.Duration) string {
	sign, ms := "", t.Milliseconds()
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%02d:%02d:%02d.%03d", sign, ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// FormatShortClock returns a time as M:SS or, from an hour on, H:MM:SS, as video players
// and chapter lists show it. Parts of a second are cut off.
func FormatShortClock(t time.Duration) string {
	s := int64(t / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
