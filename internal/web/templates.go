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

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// pageTemplates holds templates/*.html by locale and name. Each defines the blocks of base.html and
// may use templates/parts/*.html.
type pageTemplates map[string]map[string]*template.Template

func parseTemplates(w messages) (pageTemplates, error) {
	names, err := fs.Glob(embedded, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := make(pageTemplates)
	for _, tag := range locales {
		locale := tag.String()
		all[locale] = make(map[string]*template.Template)
		for _, name := range names {
			t := template.New(path.Base(name)).Funcs(w.funcs(locale))
			if t, err = t.ParseFS(embedded, "templates/base.html", "templates/parts/*.html", name); err != nil {
				return nil, err
			}
			all[locale][path.Base(name)] = t
		}
	}
	return all, nil
}

// execute renders one part of a page, "base.html" being the whole page. name is that of the page's
// template.
func (p pageTemplates) execute(locale, name, part string, data any) ([]byte, error) {
	t := p[locale][name]
	if t == nil {
		return nil, errors.New("there is no page " + name)
	}
	var b bytes.Buffer
	err := t.ExecuteTemplate(&b, part, data)
	return b.Bytes(), err
}

// funcs returns the functions that templates call. Their results are in the given locale.
func (w messages) funcs(locale string) template.FuncMap {
	return template.FuncMap{
		"t":          func(key string, pairs ...any) string { return w.text(locale, key, pairs...) },
		"locale":     func() string { return locale },
		"clock":      formatClock,
		"bytes":      func(n int64) string { return formatBytes(locale, n) },
		"date":       func(t time.Time) string { return formatTime(locale, t) },
		"day":        func(t time.Time) string { return formatDay(locale, t) },
		"language":   func(tag string) string { return languageName(locale, tag) },
		"list":       func(all ...string) []string { return all },
		"short":      firstLine,
		"percent":    func(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) },
		"title":      talkTitle,
		"problem":    func(e *inputerr.Error) problemText { return w.problem(locale, e) },
		"diagnostic": w.diagnostics(locale),
		"finding":    w.sentences(locale, "finding"),
		"match":      w.sentences(locale, "match"),
		"sync":       w.syncSentences(locale),
		"issue":      func(i conference.Issue) string { return w.issue(locale, i) },
		"reason":     func(english string) string { return w.reason(locale, english) },
		"failure":    func(r service.TalkSummary) problemText { return w.failure(locale, r) },
		"pipeline":   func(name string) string { return w.named(locale, "kind.", name) }, // each is for a kind of talk
		"stage":      func(name string) string { return w.stageName(locale, name) },
	}
}

// stageName returns the name of a pipeline stage in a locale. For a slot such as encode/1080/r0/17
// it adds the rest of the slot in parentheses. Stages of custom pipelines keep their own names.
func (w messages) stageName(locale, name string) string {
	stage, rest, _ := strings.Cut(name, "/") // a slot is "STAGE/…"
	key := "stage.name." + stage
	said := w.text(locale, key)
	switch {
	case said == key:
		return name
	case rest != "":
		return said + " (" + rest + ")"
	}
	return said
}

// named returns the text of the key prefix+value in a locale, or value itself if there is no such
// text.
func (w messages) named(locale, prefix, value string) string {
	if name, ok := w[locale][prefix+value]; ok {
		return name.Other
	}
	return value
}

// failure returns one line about why the processing of a talk failed. In English it is the first
// line of the reason. In other locales it is the translated error if the input is at fault; else it
// names the failed stage, since the log of a failure is in English.
func (w messages) failure(locale string, r service.TalkSummary) problemText {
	switch {
	case locale == locales[0].String():
		return problemText{Text: firstLine(r.Reason)}
	case r.BuildInputError != nil && r.BuildInputError.Code != "":
		return w.problem(locale, r.BuildInputError)
	}
	for _, s := range r.Stages {
		if s.State == "failed" {
			return problemText{Text: w.text(locale, "failure.stage", "stage", w.stageName(locale, s.Name))}
		}
	}
	return problemText{Text: w.text(locale, "failure.plan")}
}

// firstLine returns the first line of a text. If it has more than 160 characters, it is cut and
// ends in an ellipsis.
func firstLine(text string) string {
	const most = 160
	text, _, _ = strings.Cut(text, "\n")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// cleanName returns a name that is safe to show in a line: without control characters and marks
// that change the direction of text, without surrounding space, and with at most 200 characters.
func cleanName(name string) string {
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

// talkTitle returns the title of the talk with this slug, or the slug if it is not in talks.
func talkTitle(slug string, talks []service.TalkSummary) string {
	for _, r := range talks {
		if r.Slug == slug {
			return r.Title
		}
	}
	return slug
}

// formatDay returns the date of t with its weekday, such as "Monday, 2 January 2006", in t's time
// zone.
func formatDay(locale string, t time.Time) string {
	if locale == "es" {
		days := [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
		return days[t.Weekday()] + t.Format(" 02/01/2006")
	}
	return t.Format("Monday, 2 January 2006")
}

// languageName returns the name in a locale of the language with a BCP 47 tag, or the tag if it has
// no name.
func languageName(locale, tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	if name := display.Languages(language.Make(locale)).Name(t); name != "" {
		return name
	}
	return tag
}

// formatClock returns a position, rounded to seconds, as "1:02:03" or, below an hour, "2:03".
func formatClock(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}

// formatBytes returns a size in bytes as people write it, such as "1.23 GB", with units of 1000 and
// three digits.
func formatBytes(locale string, n int64) string {
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

// formatTime returns the date and time of t in t's time zone, or "" for the zero time.
func formatTime(locale string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if locale == "es" {
		return t.Format("02/01/2006 15:04")
	}
	return t.Format("2 Jan 2006, 15:04")
}
