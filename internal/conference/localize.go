package conference

import (
	"maps"
	"slices"

	"golang.org/x/text/language"
)

// Localized is the talk with its words in a language (BCP 47): title, abstract and the titles of
// chapters. What there is not in it, nor in a language that it is a variety of, stays as
// it is.
func (t Talk) Localized(tag string) Talk {
	t.Title = textIn(tag, t.Titles, t.Title)
	t.Abstract = textIn(tag, t.Abstracts, t.Abstract)
	t.Chapters = slices.Clone(t.Chapters)
	for i, c := range t.Chapters {
		t.Chapters[i].Title = textIn(tag, c.Titles, c.Title)
	}
	return t
}

// OtherLanguages are those, other than the one that is spoken, in which the talk has some of
// its words; sorted.
func (t Talk) OtherLanguages() []string {
	words := []map[string]string{t.Titles, t.Abstracts}
	for _, c := range t.Chapters {
		words = append(words, c.Titles)
	}
	return t.languagesExceptSpoken(words)
}

// ChapterLanguages are those in which the talk has titles of chapters: the one that is
// spoken, and then others, sorted. A talk without chapters has none.
func (t Talk) ChapterLanguages() []string {
	if len(t.Chapters) == 0 {
		return nil
	}
	var words []map[string]string
	for _, c := range t.Chapters {
		words = append(words, c.Titles)
	}
	return append([]string{t.Language}, t.languagesExceptSpoken(words)...)
}

// languagesExceptSpoken are the languages of words, other than the one that is spoken; sorted.
func (t Talk) languagesExceptSpoken(words []map[string]string) []string {
	all := make(map[string]bool)
	for _, w := range words {
		for tag := range w {
			all[tag] = true
		}
	}
	delete(all, t.Language)
	return slices.Sorted(maps.Keys(all))
}

// textIn are those in a language, or in the nearest one that it is a variety of: for
// "es-MX" those in "es-419", or in "es".
func textIn(tag string, words map[string]string, otherwise string) string {
	if w, ok := words[tag]; ok {
		return w
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return otherwise
	}
	for t := parsed.Parent(); t != language.Und; t = t.Parent() {
		if w, ok := words[t.String()]; ok {
			return w
		}
	}
	return otherwise
}
