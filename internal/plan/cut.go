package plan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// CutOption stands before a kept range in errors, as on the command line.
const CutOption = "--cut "

// ParseCut parses a kept range of the command line: "FROM-TO" in reel time, or "N:FROM-TO" on the
// clock of recording N, counted from 1. recordings is how many there are. It returns an error for
// anything else. "2:10-180" could be either, from 2:10 on the reel or from 0:10 of recording 2; if
// both make sense, the error is an *inputerr.Error. Spaces and dashes of any length are accepted, as
// text editors write them.
func ParseCut(s string, recordings int) (conference.KeptRange, error) {
	s = strings.NewReplacer("–", "-", "—", "-", "−", "-", " ", "").Replace(s)
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return conference.KeptRange{}, errors.New("write it as FROM-TO, such as 00:03:10-00:33:20")
	}
	plain, plainErr := parseKeep(from, to)
	number, rest, _ := strings.Cut(from, ":")
	n, err := strconv.Atoi(number)
	sound := plainErr == nil && plain.From < plain.To
	if err != nil || n < 1 || sound && n > recordings || recordings == 1 && sound || strings.Count(from, ":") <= strings.Count(to, ":") {
		return plain, plainErr
	}
	own, err := parseKeep(rest, to)
	if err != nil {
		return plain, plainErr
	}
	own.Recording = n
	if sound && own.From < own.To {
		return plain, inputerr.Coded("cut.ambiguous", "it could mean {first} or {second} of recording {recording}; write it like one of these",
			"first", FormatCut(plain), "second", FormatCut(own), "recording", n)
	}
	return own, nil
}

func parseKeep(from, to string) (k conference.KeptRange, err error) {
	if k.From, err = timeline.ParseClock(from); err != nil {
		return k, err
	}
	k.To, err = timeline.ParseClock(to)
	return k, err
}

// FormatCut returns a kept range in the form that ParseCut reads.
func FormatCut(k conference.KeptRange) string {
	s := timeline.FormatClock(k.From) + "-" + timeline.FormatClock(k.To)
	if k.Recording > 0 {
		s = fmt.Sprintf("%d:%s", k.Recording, s)
	}
	return s
}
