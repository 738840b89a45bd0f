package translation

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/lectern-av/lectern/internal/conference"
)

// MarkCopies sets the state of cues that only repeat their source to untranslated. Names and
// numbers are the same in any language, and related languages share a few words. So a cue must have
// four or more ordinary words; fewer are enough if more than a quarter of the translation is
// copied.
func MarkCopies(source []conference.Cue, all []Cue) {
	said := make(map[string]string, len(source))
	for _, s := range source {
		said[s.ID] = s.Text
	}
	telling, copied := 0, 0
	repeats := make([]bool, len(all))
	for n, c := range all {
		repeats[n] = isCopy(c, said)
		if countPlainWords(c.Text) >= 3 {
			telling++
			if repeats[n] {
				copied++
			}
		}
	}
	for n := range all {
		plain := countPlainWords(all[n].Text)
		much := 4*copied > telling
		if repeats[n] && (plain >= 4 || much && (plain >= 1 || strings.Count(normalizeWords(all[n].Text), " ") == 0)) {
			all[n].State = Untranslated
		}
	}
}

// LinkCuesBetween does what [LinkCues] does, for a translation between known languages (BCP 47, ""
// if unknown). If they are related, such as American and British English, cues that repeat their
// source are drafts.
func LinkCuesBetween(from, to string, source, translated []conference.Cue) []Cue {
	all := LinkCues(source, translated)
	if from != to && RelatedLanguages(from, to) {
		for n := range all {
			if all[n].Text != Placeholder {
				all[n].State = Draft
			}
		}
	}
	return all
}

// relatedLanguages are groups of languages that share whole sentences.
var relatedLanguages = [][]string{
	{"da", "nb", "nn", "no"}, {"bs", "cnr", "hr", "sh", "sr"}, {"id", "ms"}, {"cs", "sk"}, {"gl", "pt"}, {"bg", "mk"},
}

// RelatedLanguages reports whether two BCP 47 tags are of one language, or of two that share whole
// sentences. It is false if either is "".
func RelatedLanguages(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	base := func(tag string) string {
		base, _ := language.Make(tag).Base()
		return base.String()
	}
	a, b = base(a), base(b)
	return a == b || slices.ContainsFunc(relatedLanguages, func(n []string) bool { return slices.Contains(n, a) && slices.Contains(n, b) })
}

// isCopy reports whether a cue repeats its source, or nearly so because a few words of the source
// were corrected since. said maps ids of source cues to their texts.
func isCopy(c Cue, said map[string]string) bool {
	var of []string
	for _, id := range c.SourceIDs {
		of = append(of, said[id])
	}
	text, source := normalizeWords(c.Text), " "+normalizeWords(strings.Join(of, " "))+" "
	if text == "" || len(of) == 0 {
		return false
	}
	words := strings.Fields(text)
	same := 0
	for _, w := range words {
		if strings.Contains(source, " "+w+" ") {
			same++
		}
	}
	return strings.Contains(source, " "+text+" ") || countPlainWords(c.Text) >= 5 && 5*same >= 4*len(words)
}

// normalizeWords returns the words of a text in lower case, separated by single spaces.
func normalizeWords(text string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) }), " "))
}

// countPlainWords returns how many words of a text are not names, numbers, addresses or code. In
// scripts without capitals every three letters count as a word. In a text in capitals, every word
// counts.
func countPlainWords(text string) (n int) {
	if words := strings.Count(normalizeWords(text), " ") + 1; words >= 3 && text == strings.ToUpper(text) && text != strings.ToLower(text) {
		return words
	}
	rest := 0
	for _, t := range (tokenizer{}).tokens(text) {
		text = strings.ReplaceAll(text, t.text, " ")
	}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.N, unicode.M) }) {
		first, _ := utf8.DecodeRuneInString(w)
		switch {
		case unicode.IsLower(first):
			n++
		case unicode.IsLetter(first) && !unicode.IsUpper(first):
			rest += utf8.RuneCountInString(w)
		}
	}
	return n + rest/3
}
