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
	About     string  // whose guidelines
	Columns   int     // maximum of a line
	Lines     int     // maximum of a cue
	FullWidth bool    // limits count full-width characters, two columns each
	Speed     float64 // comfortable characters a second; spaces count, and a line break as a space
	TooFast   float64 // characters a second above which reading along is impossible: an error
	Words     float64 // comfortable words a minute

	Shortest time.Duration // minimum time for a cue
	Longest  time.Duration // maximum

	Gap     time.Duration // minimum from the end of a cue to the start of the next
	Flicker time.Duration // a longer gap that is still below this flickers
	Overlap time.Duration // longest overlap that Fix corrects
}

// profiles are all profiles. Line lengths, speeds and TED's durations were chosen by checking
// what speakers really submit: the guidelines are written for films and are applied to talks
// with some tolerance, in that only unreadable text is an error and gaps are notes. The other
// durations follow Netflix's and the BBC's guides but have not been compared with their
// present text: five sixths of a second (half a second in Japanese) to seven seconds; two
// frames of 24 a second between cues, and gaps up to eleven frames closed; at the BBC those
// below a second. The limits for overlaps are our own.
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
		panic(err) // the table above names an unknown profile
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
	return Profile{}, inputerr.Coded("profile.unknown", "there is no profile “{name}”", "name", name, "known", strings.Join(ProfileNames(), ", ")).Hint("Choose one of {known}")
}

// characters converts a width in columns to the characters that the profile counts, which may be
// full-width.
func (p Profile) characters(columns int) float64 {
	if p.FullWidth {
		return float64(columns) / 2
	}
	return float64(columns)
}

// variant returns the variant of messages that suits the characters that the profile counts, "wide"
// or ""; see [English].
func (p Profile) variant() string {
	if p.FullWidth {
		return "wide"
	}
	return ""
}

// ReadingTime returns how long a text must be shown to be read, by the profile's characters a
// second or its words a minute, whichever takes longer; rounded up to a whole millisecond. It is 0
// if the profile limits neither.
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
