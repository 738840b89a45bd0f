package exchange

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/translation"
)

// Details are what a file says about a unit besides its texts, in readable lines:
//
//	source c0001 00:00:01.000 --> 00:00:02.500
//	target c0001 00:00:01.000 --> 00:00:02.400 state approved
//	seen 5f2b8c0e approved
//
// A target line has only what [impliedCues] does not imply, and is left out for a single cue
// without anything else to tell. Seen has the hash and the state of the translation as it was
// exported.

// details are the parsed details of an entry.
type details struct {
	source      []conference.Cue  // with times; texts only if markup cannot express them
	target      [][]string        // by cue, the words after "target": id first
	exportHash  string            // "" if it was untranslated or an editor dropped the line
	exportState translation.State // "" like exportHash
	sheet       []string          // talk, languages and revisions
}

// quoteWord returns a word as lines of details have it: in quotation marks and ASCII if it is empty
// or has special characters.
func quoteWord(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'\=+`, r)
	})
	if plain {
		return s
	}
	return strconv.QuoteToASCII(s)
}

func joinWords(words []string) string {
	quoted := make([]string, len(words))
	for n, w := range words {
		quoted[n] = quoteWord(w)
	}
	return strings.Join(quoted, " ")
}

// splitWords returns the words of a line of details, without their quotation marks, or nil if the
// line is invalid.
func splitWords(line string) (words []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil
			}
			s, err := strconv.Unquote(quoted)
			if err != nil {
				return nil
			}
			words, line = append(words, s), line[len(quoted):]
			continue
		}
		w, rest, _ := strings.Cut(line, " ")
		words, line = append(words, w), rest
	}
	return words
}

// formatTime returns a time as 00:00:01.000, with nine decimals if it is not a whole number of
// milliseconds.
func formatTime(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	s := fmt.Sprintf("%s%02d:%02d:%02d.%09d", sign, d/time.Hour, d/time.Minute%60, d/time.Second%60, d%time.Second)
	return strings.TrimSuffix(s, "000000")
}

var timePattern = regexp.MustCompile(`^(-?)(\d{1,4}):([0-5]\d):([0-5]\d)\.(\d{3,9})$`)

func parseTime(s string) (time.Duration, bool) {
	m := timePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	number := func(digits string) time.Duration {
		n, _ := strconv.Atoi(digits) // the pattern matches at most nine digits
		return time.Duration(n)
	}
	d := (number(m[2])*60+number(m[3]))*60 + number(m[4])
	d = d*time.Second + number((m[5] + "000000")[:9])
	if m[1] != "" {
		d = -d
	}
	return d, true
}

func formatRange(c conference.Cue) []string {
	return []string{formatTime(c.Start), "-->", formatTime(c.End)}
}

// exactTextWords returns the words of details that restore a cue's text and styles exactly.
func exactTextWords(c conference.Cue) []string {
	spans, err := json.Marshal(c.Spans)
	if err != nil {
		panic(err) // spans always marshal
	}
	return []string{"exact", c.Text, string(spans)}
}

func sourceLine(c conference.Cue, exact bool) string {
	words := append([]string{"source", c.ID}, formatRange(c)...)
	if c.Position != 0 {
		words = append(words, "place", strconv.Itoa(c.Position))
	}
	if !exact {
		words = append(words, exactTextWords(c)...)
	}
	return joinWords(words)
}

// targetLine returns the line of details about a translated cue, with only what differs from
// implied. exact says that the text follows from the markup. needed reports whether the line is
// necessary to restore the cue.
func targetLine(c, implied translation.Cue, exact bool) (line string, needed bool) {
	words := []string{"target", c.ID}
	if c.Start != implied.Start || c.End != implied.End {
		words = append(words, formatRange(c.Cue)...)
	}
	if !slices.Equal(c.SourceIDs, implied.SourceIDs) {
		for _, id := range c.SourceIDs {
			words = append(words, "of", id)
		}
		if len(c.SourceIDs) == 0 {
			words = append(words, "of", "")
		}
	}
	add := func(key, value, implied string) {
		if value != implied {
			words = append(words, key, value)
		}
	}
	add("hash", c.SourceHash, implied.SourceHash)
	add("was", c.PreviousSource, implied.PreviousSource)
	add("state", string(c.State), string(implied.State))
	add("stood", string(c.PreviousState), string(implied.PreviousState))
	add("by", c.Author, implied.Author)
	add("place", strconv.Itoa(c.Position), strconv.Itoa(implied.Position))
	for _, n := range c.Notes {
		words = append(words, "note", n.Author, n.Text)
	}
	if !exact {
		words = append(words, exactTextWords(c.Cue)...)
	}
	return joinWords(words), c.ID != implied.ID || len(words) > 2
}

// parseDetails parses lines of details. Unknown lines are ignored, since people and programs write
// comments there, too.
func parseDetails(lines []string) (d details) {
	for _, l := range lines {
		words := splitWords(l)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "source":
			c := conference.Cue{ID: words[1]}
			if rest, ok := parseRange(&c, words[2:]); ok {
				d.source = append(d.source, applyCueFields(translation.Cue{Cue: c}, rest).Cue)
			}
		case "target":
			d.target = append(d.target, words[1:])
		case "seen":
			d.exportHash = words[1]
			if len(words) > 2 {
				d.exportState = translation.State(words[2])
			}
		case "sheet":
			d.sheet = words[1:]
		}
	}
	return d
}

// parseRange sets a cue's times from the first three words, and returns the rest. ok is false, and
// the cue unchanged, if words do not begin with times.
func parseRange(c *conference.Cue, words []string) (rest []string, ok bool) {
	if len(words) < 3 || words[1] != "-->" {
		return words, false
	}
	start, ok := parseTime(words[0])
	end, also := parseTime(words[2])
	if !ok || !also {
		return words, false
	}
	c.Start, c.End = start, end
	return words[3:], true
}

// applyCueFields returns c with the times and fields that words give: the words after the ID in a
// source or target line of a unit's details, such as "state approved". Unknown words are ignored.
func applyCueFields(c translation.Cue, words []string) translation.Cue {
	words, _ = parseRange(&c.Cue, words)
	var of []string
	set := map[string]func(value string){
		"of":    func(v string) { of = append(of, v) },
		"hash":  func(v string) { c.SourceHash = v },
		"was":   func(v string) { c.PreviousSource = v },
		"state": func(v string) { c.State = translation.State(v) },
		"stood": func(v string) { c.PreviousState = translation.State(v) },
		"by":    func(v string) { c.Author = v },
		"place": func(v string) { c.Position, _ = strconv.Atoi(v) },
	}
	for len(words) >= 2 {
		key, value, used := words[0], words[1], 2
		switch {
		case set[key] != nil:
			set[key](value)
		case key == "note" && len(words) > 2:
			c.Notes = append(c.Notes, translation.Note{Author: value, Text: words[2]})
			used = 3
		case key == "exact" && len(words) > 2 && json.Unmarshal([]byte(words[2]), &c.Spans) == nil:
			c.Text = value
			used = 3
		}
		words = words[used:]
	}
	if of != nil {
		c.SourceIDs = slices.DeleteFunc(of, func(id string) bool { return id == "" })
		if len(c.SourceIDs) == 0 {
			c.SourceIDs = nil
		}
	}
	return c
}

// headerLine returns the line of details about the sheet as a whole: its talk, languages and
// revisions.
func headerLine(s translation.Sheet) string {
	return joinWords([]string{"sheet", s.Talk, s.From, s.To, strconv.Itoa(s.Revision), strconv.Itoa(s.Base)})
}

// readHeader sets the talk, languages and revisions from the words of a [headerLine] after the
// first. Fewer than four words are ignored.
func (r *File) readHeader(words []string) {
	if len(words) < 4 {
		return
	}
	r.Talk, r.From, r.To = words[0], words[1], words[2]
	r.Revision, _ = strconv.Atoi(words[3])
	if len(words) > 4 {
		r.Base, _ = strconv.Atoi(words[4])
	}
}
