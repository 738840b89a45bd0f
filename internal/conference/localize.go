package conference

import (
	"maps"
	"slices"

	"golang.org/x/text/language"
)

// Localized returns the talk with its title, abstract and chapter titles in a language (BCP 47), or
// in one that it is a variety of. Texts that exist in neither stay as they are.
func (t Talk) Localized(tag string) Talk {
	t.Title = textIn(tag, t.Titles, t.Title)
	t.Abstract = textIn(tag, t.Abstracts, t.Abstract)
	t.Chapters = slices.Clone(t.Chapters)
	for i, c := range t.Chapters {
		t.Chapters[i].Title = textIn(tag, c.Titles, c.Title)
	}
	return t
}

// OtherLanguages returns the languages in which the talk has texts, except the spoken one, sorted.
func (t Talk) OtherLanguages() []string {
	words := []map[string]string{t.Titles, t.Abstracts}
	for _, c := range t.Chapters {
		words = append(words, c.Titles)
	}
	return t.languagesExceptSpoken(words)
}

// ChapterLanguages returns the languages in which the talk has chapter titles: the spoken one
// first, then others, sorted. A talk without chapters has none.
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

// languagesExceptSpoken returns the languages that are keys in words, except the spoken one,
// sorted.
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

// textIn returns the text in words in a language, or in the nearest one that it is a variety of:
// for "es-MX" that in "es-419", or in "es". If there is none, it returns otherwise.
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
