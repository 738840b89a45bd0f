package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/lectern-av/lectern/internal/service"
)

// pages are templates/*.html, by locale and name: each fills in base.html's blocks and may use
// templates/parts/*.html.
type pages map[string]map[string]*template.Template

func readPages(w words) (pages, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := make(pages)
	for _, tag := range locales {
		locale := tag.String()
		all[locale] = make(map[string]*template.Template)
		for _, name := range names {
			t := template.New(path.Base(name)).Funcs(w.funcs(locale))
			if t, err = t.ParseFS(files, "templates/base.html", "templates/parts/*.html", name); err != nil {
				return nil, err
			}
			all[locale][path.Base(name)] = t
		}
	}
	return all, nil
}

// execute renders a template of a page: the page itself, "base.html", or a part of it.
func (p pages) execute(locale, name, part string, data any) ([]byte, error) {
	t := p[locale][name]
	if t == nil {
		return nil, errors.New("there is no page " + name)
	}
	var b bytes.Buffer
	err := t.ExecuteTemplate(&b, part, data)
	return b.Bytes(), err
}

// funcs is what templates can say beyond html/template's own.
func (w words) funcs(locale string) template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, pairs ...any) string { return w.say(locale, key, pairs...) },
		"locale":   func() string { return locale },
		"clock":    clock,
		"bytes":    func(n int64) string { return bytesIn(locale, n) },
		"date":     func(t time.Time) string { return dateIn(locale, t) },
		"day":      func(t time.Time) string { return dayIn(locale, t) },
		"language": func(tag string) string { return languageIn(locale, tag) },
		"list":     func(all ...string) []string { return all },
		"short":    short,
		"percent":  func(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) },
		"title":    titleOf,
		"stage":    func(name string) string { return w.stage(locale, name) },
	}
}

// stage is what a stage of a pipeline is called. Stages that people named themselves are called
// as they did.
func (w words) stage(locale, name string) string {
	key := "stage.name." + name
	if said := w.say(locale, key); said != key {
		return said
	}
	return name
}

// short is the first line of a text, or what a line holds of it.
func short(text string) string {
	const most = 160
	text, _, _ = strings.Cut(text, "\n")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// plainName is a name as it can stand in a line: without control characters and marks that
// turn the direction of text, and of a bearable length.
func plainName(name string) string {
	const most = 200
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	if r := []rune(name); len(r) > most {
		name = string(r[:most])
	}
	return strings.TrimSpace(name)
}

// titleOf is the title of one of some talks.
func titleOf(slug string, talks []service.Row) string {
	for _, r := range talks {
		if r.Slug == slug {
			return r.Title
		}
	}
	return slug
}

// dayIn is a day for people.
func dayIn(locale string, t time.Time) string {
	if locale == "es" {
		days := [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
		return days[t.Weekday()] + t.Format(" 02/01/2006")
	}
	return t.Format("Monday, 2 January 2006")
}

// languageIn is a language's name (BCP 47) in a locale.
func languageIn(locale, tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	if name := display.Languages(language.Make(locale)).Name(t); name != "" {
		return name
	}
	return tag
}

// clock is a time on a reel or in a programme, "1:02:03".
func clock(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}

// bytesIn is a size for people.
func bytesIn(locale string, n int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	x, unit := float64(n)/1000, 0
	for x >= 999.5 && unit < len(units)-1 {
		x, unit = x/1000, unit+1
	}
	text := fmt.Sprintf("%.3g", x)
	if x >= 100 {
		text = fmt.Sprintf("%.0f", x)
	}
	if locale == "es" {
		text = decimalComma(text)
	}
	return text + " " + units[unit]
}

func decimalComma(number string) string {
	b := []byte(number)
	for i := range b {
		if b[i] == '.' {
			b[i] = ','
		}
	}
	return string(b)
}

// dateIn is a moment for people, in its own time zone.
func dateIn(locale string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if locale == "es" {
		return t.Format("02/01/2006 15:04")
	}
	return t.Format("2 Jan 2006, 15:04")
}
