package web

import (
	"fmt"
	"html/template"
	"io/fs"
	"time"

	"github.com/lectern-av/lectern/internal/subtitle"
)

// readTemplates reads templates/*.html, each a page that fills in base.html's blocks and may
// use templates/parts/*.html.
func (s *Server) readTemplates() (map[string]*template.Template, error) {
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*template.Template)
	for _, name := range names {
		t := template.New(pageName(name)).Funcs(page{}.funcs())
		if t, err = t.ParseFS(files, "templates/base.html", "templates/parts/*.html", name); err != nil {
			return nil, err
		}
		all[pageName(name)] = t
	}
	return all, nil
}

// funcs is what templates can say beyond html/template's own.
func (p page) funcs() template.FuncMap {
	return template.FuncMap{
		"t":        func(key string, pairs ...any) string { return p.words.say(p.Locale, key, pairs...) },
		"locale":   func() string { return p.Locale },
		"clock":    clock,
		"bytes":    func(n int64) string { return bytesIn(p.Locale, n) },
		"date":     func(t time.Time) string { return dateIn(p.Locale, t) },
		"language": subtitle.EnglishName,
		"page":     func() page { return p },
	}
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
