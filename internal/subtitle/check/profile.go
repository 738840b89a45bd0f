package check

import (
	"cmp"
	"math"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Profile is a publisher's set of limits for captions. A limit of 0 is not checked.
//
// Columns are the width of a line in a fixed-width font: 1 for each character as a reader
// counts them, 2 if it is full-width (see [Columns]). Characters are columns, or pairs of them
// if FullWidth is set.
type Profile struct {
	Name      string
	About     string  // whose rules they are
	Columns   int     // the most of a line
	Lines     int     // the most of a cue
	FullWidth bool    // limits are spoken of in full-width characters, two columns each
	Speed     float64 // characters a second that can be read; spaces count, and a line break as a space
	TooFast   float64 // characters a second from which on nobody can read along: an error
	Words     float64 // words a minute that can be read

	Shortest time.Duration // the least a cue stands
	Longest  time.Duration // the most

	Gap     time.Duration // the least from the end of a cue to the start of the next
	Flicker time.Duration // a longer gap that is still below this looks like a flicker
	Overlap time.Duration // what of an overlap Fix takes for a slip, and mends
}

// profiles are the rules there are. Line lengths, speeds and TED's durations are those
// of Lectern's design, measured against what speakers really hand in: every house's
// rules leave room for talk, in that only what nobody can read is an error and gaps are
// notes. The other durations are what is remembered of Netflix's and the BBC's guides and
// has not been held against their present text: five sixths of a second, in Japanese
// half a second, to seven seconds; two frames of 24 a second between cues, and gaps up to
// eleven frames closed; at the BBC those of less than a second. What counts as a slip is
// our own.
var profiles = []Profile{
	{Name: "ted", About: "TED's guidelines, the default for talks",
		Columns: 42, Lines: 2, Speed: 21, TooFast: 25, Shortest: time.Second, Longest: 7 * time.Second,
		Flicker: 100 * time.Millisecond, Overlap: 250 * time.Millisecond},
	{Name: "netflix-en", About: "Netflix, English",
		Columns: 42, Lines: 2, Speed: 20, TooFast: 25, Shortest: 833 * time.Millisecond, Longest: 7 * time.Second,
		Gap: 83 * time.Millisecond, Flicker: 459 * time.Millisecond, Overlap: 250 * time.Millisecond},
	{Name: "netflix-es", About: "Netflix, Spanish",
		Columns: 42, Lines: 2, Speed: 17, TooFast: 25, Shortest: 833 * time.Millisecond, Longest: 7 * time.Second,
		Gap: 83 * time.Millisecond, Flicker: 459 * time.Millisecond, Overlap: 250 * time.Millisecond},
	{Name: "netflix-ja", About: "Netflix, Japanese",
		Columns: 26, Lines: 2, FullWidth: true, Speed: 4, TooFast: 12.5, Shortest: 500 * time.Millisecond, Longest: 7 * time.Second,
		Gap: 83 * time.Millisecond, Flicker: 459 * time.Millisecond, Overlap: 250 * time.Millisecond},
	{Name: "netflix-zh", About: "Netflix, Chinese",
		Columns: 32, Lines: 2, FullWidth: true, Speed: 9, TooFast: 12.5, Shortest: 833 * time.Millisecond, Longest: 7 * time.Second,
		Gap: 83 * time.Millisecond, Flicker: 459 * time.Millisecond, Overlap: 250 * time.Millisecond},
	{Name: "bbc", About: "the BBC's Subtitle Guidelines: 160 to 180 words a minute",
		Columns: 37, Lines: 2, TooFast: 25, Words: 180, Shortest: time.Second, Longest: 7 * time.Second,
		Flicker: time.Second, Overlap: 250 * time.Millisecond},
}

// DefaultProfile is the name of the profile for talks.
const DefaultProfile = "ted"

// ProfileFor returns the default profile for a language (BCP 47): Netflix's for Spanish,
// Japanese and Chinese, else [DefaultProfile].
func ProfileFor(tag string) Profile {
	base, _, _ := language.Make(tag).Raw()
	name, ok := map[string]string{"es": "netflix-es", "ja": "netflix-ja", "zh": "netflix-zh"}[base.String()]
	if !ok {
		name = DefaultProfile
	}
	p, err := ProfileByName(name)
	if err != nil {
		panic(err) // the table above names one that is not there
	}
	return p
}

// ProfileNames returns the names of all profiles, the default first.
func ProfileNames() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

// ProfileByName returns the profile of that name, or an [inputerr.Error].
func ProfileByName(name string) (Profile, error) {
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, inputerr.New("", "there is no profile “%s”", name).Hint("Profiles are %s", strings.Join(ProfileNames(), ", "))
}

// characters converts columns to the characters that the profile counts.
func (p Profile) characters(columns int) float64 {
	if p.FullWidth {
		return float64(columns) / 2
	}
	return float64(columns)
}

// variant returns the variant of details that count the profile's characters; see [English].
func (p Profile) variant() string {
	if p.FullWidth {
		return "wide"
	}
	return ""
}

// ReadingTime returns how long a text must be shown to be read at the profile's speed, in whole
// milliseconds.
func (p Profile) ReadingTime(text string) time.Duration {
	var seconds float64
	if limit := cmp.Or(p.Speed, p.TooFast); limit > 0 {
		seconds = p.characters(Columns(oneLine(text))) / limit
	}
	if p.Words > 0 {
		seconds = max(seconds, 60*float64(countWords(text))/p.Words)
	}
	return time.Duration(math.Ceil(1000*seconds)) * time.Millisecond
}
