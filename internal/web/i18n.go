package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/plan"
)

//go:embed static templates locales
var embedded embed.FS

// messages holds the texts of the pages by locale and key. A text may hold {names} to fill in, and
// may come in two forms, one and other, which the number {n} chooses from.
type messages map[string]map[string]pageText

type pageText struct{ One, Other string }

// UnmarshalYAML reads a text that is a plain string, or a map with the forms one and other.
func (p *pageText) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		p.Other = n.Value
		return nil
	}
	var both struct{ One, Other string }
	err := n.Decode(&both)
	*p = pageText(both)
	return err
}

// locales lists the languages of the pages. The first is the default.
var locales = []language.Tag{language.English, language.Spanish}

// loadMessages reads the texts of all locales from locales/LOCALE/*.yaml. Each file is a map from
// keys to texts; a key in two files is an error.
func loadMessages() (messages, error) {
	all := make(messages)
	for _, tag := range locales {
		locale := tag.String()
		all[locale] = make(map[string]pageText)
		names, err := fs.Glob(embedded, "locales/"+locale+"/*.yaml")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := all.loadFile(locale, name); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return all, nil
}

func (w messages) loadFile(locale, name string) error {
	b, err := embedded.ReadFile(name)
	if err != nil {
		return err
	}
	var said map[string]pageText
	if err := yaml.NewDecoder(bytes.NewReader(b)).Decode(&said); err != nil {
		return err
	}
	for key := range said {
		if _, ok := w[locale][key]; ok {
			return fmt.Errorf("%q is also defined in another file", key)
		}
	}
	maps.Copy(w[locale], said)
	return nil
}

// text returns the text of a key in a locale, else in English, else the key itself. pairs are
// names, each followed by the value that replaces {name} in the text. If the value of n is 1, the
// text's form for one is used.
func (w messages) text(locale, key string, pairs ...any) string {
	p, ok := w[locale][key]
	if !ok {
		p, ok = w[locales[0].String()][key]
	}
	if !ok {
		return key
	}
	text := p.Other
	var replace []string
	for i := 0; i+1 < len(pairs); i += 2 {
		value := fmt.Sprint(pairs[i+1])
		if pairs[i] == "n" && value == "1" {
			text = cmp.Or(p.One, p.Other)
		}
		replace = append(replace, fmt.Sprintf("{%v}", pairs[i]), value)
	}
	return strings.NewReplacer(replace...).Replace(text)
}

// problemText is an input error in the language of a page.
type problemText struct {
	Text string
	Lang string // of Text, where it is not the page's language
}

// problem returns an input error as a text in a locale. If the error has no translation, the text
// is in English and Lang says so.
func (w messages) problem(locale string, e *inputerr.Error) problemText {
	english := locales[0].String()
	if locale == english {
		return problemText{Text: e.Error()}
	}
	localized := *e
	localized.Values = maps.Clone(e.Values)
	for name, value := range e.Values {
		localized.Values[name] = w.value(locale, value)
		switch name {
		case "language":
			localized.Values[name] = languageName(locale, value)
		case "role":
			localized.Values[name] = w.text(locale, "role."+value)
		case "kind":
			if kind, ok := w[locale]["stream.kind."+value]; ok {
				localized.Values[name] = kind.Other
			}
		}
	}
	if field, ok := w[locale]["problem.field."+e.File]; ok {
		localized.File = field.Other
	} else if kept, ok := strings.CutPrefix(e.File, plan.CutOption); ok {
		localized.File = w.text(locale, "problem.field.cut") + " " + kept
	}
	translated := localized.Translate(func(key string, values map[string]string) (string, bool) {
		m, ok := w[locale][key]
		if values["n"] == "1" && m.One != "" {
			return m.One, ok
		}
		return m.Other, ok
	})
	if translated == nil {
		return problemText{e.Error(), english}
	}
	return problemText{Text: translated.Error()}
}

// decimal matches a number with a decimal point, and its unit.
var decimal = regexp.MustCompile(`^[-+]?\d+\.\d+( \p{L}+)?$`)

// value returns a value of a message, which is in English form, as people write it in a locale:
// numbers with its decimal sign, quoted texts with its quotation marks. Other values stay as they
// are.
func (w messages) value(locale, value string) string {
	if locale == locales[0].String() {
		return value
	}
	if decimal.MatchString(value) {
		return decimalComma(value)
	}
	for _, quotes := range []string{"“”", `""`} {
		r := []rune(quotes)
		if inner, ok := strings.CutPrefix(value, string(r[0])); ok && strings.HasSuffix(inner, string(r[1])) {
			return "«" + strings.TrimSuffix(inner, string(r[1])) + "»"
		}
	}
	return value
}

// localize returns a copy of m with its values as people write them in a locale. It does not
// translate the message.
func (w messages) localize(locale string, m message.Message) message.Message {
	m.Values = maps.Clone(m.Values)
	for name, value := range m.Values {
		m.Values[name] = w.value(locale, value)
	}
	return m
}

// localeCookie holds the locale that a visitor chose.
const localeCookie = "lectern-locale"

// localeOf returns the locale for a request: the one in its cookie, else the one that matches its
// Accept-Language header best, else English.
func (w messages) localeOf(r *http.Request) string {
	if c, err := r.Cookie(localeCookie); err == nil && w[c.Value] != nil {
		return c.Value
	}
	tags, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language")) // malformed headers match the default
	_, i, _ := language.NewMatcher(locales).Match(tags...)
	return locales[i].String()
}
