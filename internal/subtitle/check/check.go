// Package check checks how well cues can be read, by the limits of a publisher (a [Profile]),
// and fixes what can be fixed without judgement.
//
// Nothing in it reads or writes files: the results of [Check] and [Fix] depend only on their
// arguments.
package check

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // viewers lose text
	Warning Severity = "warning" // viewers have difficulties
	Note    Severity = "note"    // could be better
)

// Weight returns what a finding of this severity counts in a track's share of bad cues: 1 for
// an error, 0.25 for a warning, 0 for a note.
func (s Severity) Weight() float64 {
	switch s {
	case Error:
		return 1
	case Warning:
		return 0.25
	}
	return 0
}

// Rank returns 0 for a note, 1 for a warning, 2 for an error, and -1 for any other severity.
func (s Severity) Rank() int { return slices.Index([]Severity{Note, Warning, Error}, s) }

// Code identifies a rule. It is stable: reports and translations refer to it.
type Code string

// The rules.
const (
	Empty            Code = "empty"             // no text
	NoDuration       Code = "no-duration"       // ends where it starts, or before
	OutsideRecording Code = "outside-recording" // starts before the recording, or after its end
	TooFast          Code = "too-fast"          // more text than can be read in its time
	LongLine         Code = "long-line"
	ManyLines        Code = "too-many-lines"
	TooShort         Code = "too-short"  // shown for less time than needed to notice it
	TooLong          Code = "too-long"   // shown so long that it is read twice
	Overlap          Code = "overlap"    // starts before an earlier cue ends
	Duplicate        Code = "duplicate"  // the same text twice at the same time
	OutOfOrder       Code = "order"      // comes after a cue that starts later
	PoorBreak        Code = "poor-break" // a line break separates what belongs together
	Gap              Code = "gap"        // too small, so that it flickers or is not noticed
	Unbalanced       Code = "unbalanced" // one line much longer than the other
)

// rules are all rules, most serious first, with English words for the summary.
var rules = []struct {
	code   Code
	title  string
	remedy string
}{
	{Empty, "no text", "add the text, or remove the cue"},
	{NoDuration, "ends before it starts", "correct its times"},
	{OutsideRecording, "outside the recording", "make sure that it is the right file, then correct its times"},
	{TooFast, "too fast to read", "shorten the text, or show it longer"},
	{LongLine, "line too long", "break it, or split the cue"},
	{ManyLines, "too many lines", "split the cue"},
	{TooShort, "shown too briefly", "show it longer, or merge it with its neighbour"},
	{TooLong, "shown too long", "split the cue, or end it with the speech"},
	{Overlap, "overlapping cues", "end the first where the second starts"},
	{Duplicate, "duplicate cue", "remove one"},
	{OutOfOrder, "out of order", "--fix sorts the cues"},
	{PoorBreak, "bad line break", "move the break"},
	{Gap, "gap too small", "--fix closes it, or widens it as the profile asks"},
	{Unbalanced, "unbalanced lines", "move the break"},
}

// RuleText returns the title of a rule and how to fix what it finds, in English. For an unknown
// code it returns the code and "".
func RuleText(c Code) (title, remedy string) {
	for _, r := range rules {
		if r.code == c {
			return r.title, r.remedy
		}
	}
	return string(c), ""
}

// Codes returns the codes of all rules, most serious first.
func Codes() []Code {
	all := make([]Code, len(rules))
	for i, r := range rules {
		all[i] = r.code
	}
	return all
}

// Finding is one rule broken by one cue.
type Finding struct {
	Line     int      `json:"line"` // of the cue in its file; 0 if unknown
	Cue      int      `json:"cue"`  // number of the cue, from 1
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	Message  string   `json:"message"` // what was found and what the limit is, in English: a clause whose subject is the cue

	Detail message.Message `json:"-"` // the same without words; see [English]

	excess float64 // how many times the limit, to order findings
}

// Check checks cues, in any order, against a profile. language (BCP 47) selects the rules for line
// breaks. length is that of the recording, or 0 if it is unknown.
func Check(cues []conference.Cue, profile Profile, language string, length time.Duration) Report {
	c := checker{profile, grammarFor(language), length}
	found := make([][]Finding, len(cues))
	for i, cue := range cues {
		found[i] = c.checkCue(cue)
	}
	for before, i := range consecutive(cues) {
		found[i] = append(found[i], c.checkPair(cues[before], cues[i])...)
	}
	for i, above := range outOfOrder(cues) {
		found[i] = append(found[i], pairFinding(Warning, OutOfOrder, 1, cues[above]))
	}
	r := Report{Profile: profile.Name, Language: language, Cues: len(cues), Findings: []Finding{}}
	for i := range found {
		for j := range found[i] {
			found[i][j].Line, found[i][j].Cue = cues[i].Line, i+1
		}
		r.Findings = append(r.Findings, found[i]...)
	}
	r.summarise(cues)
	return r
}

// checker holds what cues are checked against.
type checker struct {
	profile Profile
	grammar *grammar
	length  time.Duration
}

// maxExcess is the excess of findings that have no limit to compare with. Larger excesses are
// cut to it.
const maxExcess = 10

// checkCue returns the findings about a cue by itself, without its neighbours.
func (c checker) checkCue(cue conference.Cue) []Finding {
	found := c.checkOutside(cue)
	if oneLine(cue.Text) == "" {
		return append(found, newFinding(Error, Empty, maxExcess, ""))
	}
	found = append(found, c.checkTimes(cue)...)
	return append(found, c.checkLines(cue.Text)...)
}

// checkOutside returns a finding if a cue starts before the recording or after its end.
func (c checker) checkOutside(cue conference.Cue) []Finding {
	switch {
	case cue.Start < 0:
		return []Finding{newFinding(Error, OutsideRecording, maxExcess, "before", "by", seconds(-cue.Start))}
	case c.length > 0 && cue.Start >= c.length:
		return []Finding{newFinding(Error, OutsideRecording, maxExcess, "after", "by", seconds(cue.Start-c.length), "end", timeline.FormatTimestamp(c.length))}
	}
	return nil
}

// checkTimes returns findings about a cue that ends before it starts, is shown for too short or too
// long a time, or for less than it takes to read.
func (c checker) checkTimes(cue conference.Cue) (found []Finding) {
	p, shown := c.profile, cue.End-cue.Start
	if shown <= 0 {
		return []Finding{newFinding(Error, NoDuration, maxExcess, "", "end", timeline.FormatTimestamp(cue.End))}
	}
	if f, ok := c.checkSpeed(cue.Text, shown); ok {
		found = append(found, f)
	}
	if shown < p.Shortest {
		found = append(found, newFinding(Warning, TooShort, ratio(p.Shortest, shown), "", "shown", seconds(shown), "limit", seconds(p.Shortest)))
	}
	if p.Longest > 0 && shown > p.Longest {
		found = append(found, newFinding(Warning, TooLong, ratio(shown, p.Longest), "", "shown", seconds(shown), "limit", seconds(p.Longest)))
	}
	return found
}

// checkSpeed returns a finding if a text takes longer to read than it is shown. It is an error
// above the profile's TooFast, and otherwise a warning. ok is false if there is none.
func (c checker) checkSpeed(text string, shown time.Duration) (Finding, bool) {
	p, needs := c.profile, c.profile.ReadingTime(text)
	if shown >= needs {
		return Finding{}, false
	}
	severity, limit, variant := Warning, cmp.Or(p.Speed, p.TooFast), p.variant()
	speed := p.characters(Columns(oneLine(text))) / shown.Seconds()
	if p.TooFast > 0 && speed > p.TooFast {
		severity = Error
	} else if p.Words > 0 {
		speed, limit, variant = float64(countWords(text))/shown.Minutes(), p.Words, "words"
	}
	return newFinding(severity, TooFast, speed/limit, variant, "speed", fmt.Sprintf("%.1f", speed), "limit", number(limit),
		"needs", seconds(needs), "shown", seconds(shown)), true
}

// checkLines returns findings about the number and the length of a text's lines, and about where
// they are broken.
func (c checker) checkLines(text string) (found []Finding) {
	p, lines := c.profile, strings.Split(text, "\n")
	if p.Lines > 0 && len(lines) > p.Lines {
		found = append(found, newFinding(Warning, ManyLines, float64(len(lines))/float64(p.Lines), "", "lines", fmt.Sprint(len(lines)), "limit", fmt.Sprint(p.Lines)))
	}
	for i, l := range lines {
		if n := Columns(strings.Trim(l, breakable)); p.Columns > 0 && n > p.Columns {
			found = append(found, newFinding(Warning, LongLine, float64(n)/float64(p.Columns), p.variant(),
				"length", number(p.characters(n)), "limit", number(p.characters(p.Columns))))
		}
		if i > 0 {
			found = append(found, c.checkBreak(lines[i-1], l)...)
		}
	}
	if f, ok := c.checkBalance(lines); ok {
		found = append(found, f)
	}
	return found
}

// checkBreak returns a finding if the break between two lines separates words that belong together.
func (c checker) checkBreak(above, below string) []Finding {
	before, after := splitWords(above), splitWords(below)
	if len(before) == 0 || len(after) == 0 || startsOwnLine(after[0]) {
		return nil
	}
	kind := c.grammar.badBreakReason(before, after[0])
	if kind == "" {
		return nil
	}
	return []Finding{newFinding(Warning, PoorBreak, 1, string(kind), "before", Excerpt(before[len(before)-1]), "after", Excerpt(after[0]))}
}

// unbalancedRatio is how many times as long as the shorter line the longer one must be to be
// reported. TED asks for at most 2; few viewers notice less than 3.
const unbalancedRatio = 3

// checkBalance returns a note if a cue has two lines of which one is unbalancedRatio times as long
// as the other, and the text does not fit on one line. Lines of different speakers, and a line that
// names the speaker, are not compared.
func (c checker) checkBalance(lines []string) (Finding, bool) {
	if len(lines) != 2 || startsOwnLine(strings.TrimSpace(lines[1])) || strings.HasSuffix(strings.TrimSpace(lines[0]), ":") {
		return Finding{}, false
	}
	a, b := Columns(strings.Trim(lines[0], breakable)), Columns(strings.Trim(lines[1], breakable))
	if a+1+b <= c.profile.Columns || max(a, b) < unbalancedRatio*min(a, b) {
		return Finding{}, false
	}
	return newFinding(Note, Unbalanced, 1, c.profile.variant(), "first", number(c.profile.characters(a)), "second", number(c.profile.characters(b)),
		"ratio", fmt.Sprint(unbalancedRatio)), true
}

// startsOwnLine reports whether a word begins something that needs a line of its own, such as
// another speaker, a song or a sound.
func startsOwnLine(word string) bool {
	return isDash(word) || strings.HasPrefix(word, ">>") || word != "" && strings.ContainsRune("•*♪#[(", firstRune(word))
}

// isDash reports whether a word begins with a dash, as the line of another speaker does.
func isDash(word string) bool {
	return word != "" && strings.ContainsRune("-‐–—", firstRune(word))
}

func firstRune(word string) rune {
	r, _ := utf8.DecodeRuneInString(word)
	return r
}

// checkPair returns at most one finding about a cue and the one shown before it: an overlap, a
// duplicate or a gap that is too small. Cues at different screen positions may overlap.
func (c checker) checkPair(before, cue conference.Cue) []Finding {
	p, gap := c.profile, cue.Start-before.End
	switch {
	case screenPosition(before) != screenPosition(cue):
		return nil
	case gap < 0 && before.Text == cue.Text:
		return []Finding{pairFinding(Warning, Duplicate, 1, before)}
	case gap < 0:
		return []Finding{pairFinding(Warning, Overlap, 1+(-gap).Seconds(), before, "by", seconds(-gap))}
	case gap < p.Gap:
		return []Finding{newFinding(Note, Gap, 1, "", "gap", seconds(gap), "limit", seconds(p.Gap))}
	case gap > p.Gap && gap < p.Flicker:
		return []Finding{newFinding(Note, Gap, 1, "flicker", "gap", seconds(gap), "limit", seconds(p.Flicker))}
	}
	return nil
}

// screenPosition returns the position of a cue on the screen, as on a numeric keypad. Bottom
// centre, for which files have 0 or 2, is always 2.
func screenPosition(cue conference.Cue) int { return cmp.Or(cue.Position, 2) }

// consecutive yields the index of each cue, in order of start, after that of the cue before it that
// ends last. Cues without a duration are skipped.
func consecutive(cues []conference.Cue) iter.Seq2[int, int] {
	return func(yield func(before, cue int) bool) {
		last := -1 // the cue so far that ends last
		for _, i := range byStart(cues) {
			if cues[i].End <= cues[i].Start {
				continue
			}
			if last >= 0 && !yield(last, i) {
				return
			}
			if last < 0 || cues[i].End >= cues[last].End {
				last = i
			}
		}
	}
}

// byStart returns the indexes of the cues in order of start.
func byStart(cues []conference.Cue) []int {
	order := make([]int, len(cues))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cues[a].Start, cues[b].Start) })
	return order
}

// outOfOrder returns, for each cue that starts before an earlier one in the given order, its index
// and that of the earlier one. If the given order is sorted, the order of the lines in the file
// counts.
func outOfOrder(cues []conference.Cue) map[int]int {
	order := make([]int, len(cues))
	for i := range order {
		order[i] = i
	}
	if found := outOfOrderIn(order, cues); len(found) > 0 {
		return found
	}
	order = slices.DeleteFunc(order, func(i int) bool { return cues[i].Line == 0 })
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cues[a].Line, cues[b].Line) })
	return outOfOrderIn(order, cues)
}

// outOfOrderIn returns, for each cue that starts before an earlier one in order, its index and that
// of the earlier one.
func outOfOrderIn(order []int, cues []conference.Cue) map[int]int {
	found, latest := map[int]int{}, -1
	for _, i := range order {
		switch {
		case latest >= 0 && cues[i].Start < cues[latest].Start:
			found[i] = latest
		default:
			latest = i
		}
	}
	return found
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// Excerpt returns a text on one line, cut to 60 characters if it is longer.
func Excerpt(text string) string {
	const most = 60
	if r := []rune(singleLine(text)); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return singleLine(text)
}

// singleLine returns a text on one line: line breaks become slashes, and control characters spaces.
func singleLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ReplaceAll(text, "\n", " / "))
}
