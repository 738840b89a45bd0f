package subtitle

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// CanonicalLanguage returns the canonical form of a BCP 47 tag. It returns an inputerr.Error for a
// tag that is invalid or probably a mistake, and suggests the probable one.
func CanonicalLanguage(tag string) (string, error) {
	t, err := language.Parse(tag)
	base, _, region := t.Raw()
	switch {
	case strings.TrimSpace(tag) == "" || err == nil && base.String() == "und":
		return "", inputerr.Coded("language.none", "{tag} names no language", "tag", quote(tag)).Hint("Say which language it is, such as en or es-419")
	case err != nil:
		if s := suggestLanguage(tag); s != "" {
			return "", inputerr.Coded("language.misspelled", "{tag} is not a known language tag", "tag", quote(tag), "suggestion", s).Hint("Did you mean {suggestion} (%s)?", EnglishLanguageName(s))
		}
		return "", inputerr.Coded("language.unknown", "{tag} is not a known language tag", "tag", quote(tag)).Hint("Tags look like en, es-419 or zh-Hant")
	case base.String() == "es" && region.String() == "LA":
		return "", inputerr.Coded("language.laos", "{tag} is Spanish as spoken in Laos", "tag", quote(tag)).Hint("Did you mean es-419 (Latin American Spanish)?")
	}
	return t.String(), nil
}

// suggestLanguage returns the tag that was probably meant: that of a language with this English or
// own name, or that of the main language of a country. It returns "" if it finds none.
func suggestLanguage(tag string) string {
	name := strings.ToLower(tag)
	english, own := display.English.Languages(), display.Self
	for _, t := range display.Supported.Tags() {
		if strings.ToLower(english.Name(t)) == name || strings.ToLower(own.Name(t)) == name {
			return t.String()
		}
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if region, err := language.ParseRegion(first); err == nil {
		if t, err := language.Compose(region); err == nil {
			if base, confidence := t.Base(); confidence == language.High { // lower: no country
				return base.String()
			}
		}
	}
	if base, err := language.ParseBase(first); err == nil {
		return base.String()
	}
	return ""
}

// EnglishLanguageName returns the English name of a BCP 47 tag's language, such as "Latin American
// Spanish".
func EnglishLanguageName(tag string) string {
	return display.English.Tags().Name(language.Make(tag))
}
