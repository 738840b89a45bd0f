package plan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// ParseCut reads "FROM-TO" or "N:FROM-TO". "2:10-180" could be either, a range from 2:10
// or one from 0:10 of recording 2; where both make sense it is refused.
func ParseCut(s string, recordings int) (conference.KeptRange, error) {
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
		return plain, fmt.Errorf("it could mean %s, or %s, which is of recording %d; write it like one of these",
			FormatCut(plain), FormatCut(own), n)
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

// FormatCut is a kept range as it is given on the command line.
func FormatCut(k conference.KeptRange) string {
	s := timeline.FormatClock(k.From) + "-" + timeline.FormatClock(k.To)
	if k.Recording > 0 {
		s = fmt.Sprintf("%d:%s", k.Recording, s)
	}
	return s
}
