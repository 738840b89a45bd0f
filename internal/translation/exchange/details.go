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

// Details are what a file says of a unit beside its texts, in lines that people can read:
//
//	source c0001 00:00:01.000 --> 00:00:02.500
//	target c0001 00:00:01.000 --> 00:00:02.400 state approved
//	seen 5f2b8c0e approved
//
// Of a translated cue only that is said which does not go without saying (see guess), and
// of a single one nothing where all of it does. Seen is the hash and the state of the
// translation as it was handed out.

// details are the lines of a unit, taken apart.
type details struct {
	source      []conference.Cue  // with their times; a text only where it is said exactly
	target      [][]string        // the words of each, its id first
	exportHash  string            // "": it was not translated, or a program dropped that
	exportState translation.State // likewise
	sheet       []string          // talk, languages and revision
}

// quoteWord is a word of a line, quoted where it must be.
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

// splitWords is the words of a line; none if it is not one of ours.
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

// formatTime is a time: 00:00:01.000, with more digits where there are any.
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
		n, _ := strconv.Atoi(digits) // it is digits, and few
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

// exactTextWords is the words that say a text and its looks to the byte.
func exactTextWords(c conference.Cue) []string {
	spans, err := json.Marshal(c.Spans)
	if err != nil {
		panic(err) // strings and numbers always marshal
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

// targetLine says of a cue what nobody would guess; only is whether that is anything.
func targetLine(c, guess translation.Cue, exact bool) (said string, only bool) {
	words := []string{"target", c.ID}
	if c.Start != guess.Start || c.End != guess.End {
		words = append(words, formatRange(c.Cue)...)
	}
	if !slices.Equal(c.SourceIDs, guess.SourceIDs) {
		for _, id := range c.SourceIDs {
			words = append(words, "of", id)
		}
		if len(c.SourceIDs) == 0 {
			words = append(words, "of", "")
		}
	}
	add := func(key, value, guess string) {
		if value != guess {
			words = append(words, key, value)
		}
	}
	add("hash", c.SourceHash, guess.SourceHash)
	add("was", c.PreviousSource, guess.PreviousSource)
	add("state", string(c.State), string(guess.State))
	add("stood", string(c.PreviousState), string(guess.PreviousState))
	add("by", c.By, guess.By)
	add("place", strconv.Itoa(c.Position), strconv.Itoa(guess.Position))
	for _, n := range c.Notes {
		words = append(words, "note", n.Who, n.Text)
	}
	if !exact {
		words = append(words, exactTextWords(c.Cue)...)
	}
	return joinWords(words), c.ID != guess.ID || len(words) > 2
}

// parseDetails takes lines apart. What is none of ours is passed over: people and programs
// write there as well.
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
				d.source = append(d.source, applyDetails(translation.Cue{Cue: c}, rest).Cue)
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

// parseRange reads a cue's times off the front of words, if they are there.
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

// applyDetails is a cue with what words say of it.
func applyDetails(c translation.Cue, words []string) translation.Cue {
	words, _ = parseRange(&c.Cue, words)
	var of []string
	for len(words) >= 2 {
		value := words[1]
		used := 2
		switch words[0] {
		case "of":
			of = append(of, value)
		case "hash":
			c.SourceHash = value
		case "was":
			c.PreviousSource = value
		case "state":
			c.State = translation.State(value)
		case "stood":
			c.PreviousState = translation.State(value)
		case "by":
			c.By = value
		case "place":
			c.Position, _ = strconv.Atoi(value)
		case "note":
			if len(words) > 2 {
				c.Notes = append(c.Notes, translation.Note{Who: value, Text: words[2]})
				used = 3
			}
		case "exact":
			if len(words) > 2 && json.Unmarshal([]byte(words[2]), &c.Spans) == nil {
				c.Text = value
				used = 3
			}
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

// headerLine is what a file says of the sheet as a whole.
func headerLine(s translation.Sheet) string {
	return joinWords([]string{"sheet", s.Talk, s.From, s.To, strconv.Itoa(s.Revision), strconv.Itoa(s.Base)})
}

// readHeader reads what [headerLine] wrote; words are those behind the first.
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
