// Package mail writes the letters that people get from a conference server, and sends
// them, over SMTP or to the log.
package mail

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// Kind is what a letter is about.
type Kind string

// The kinds of letters.
const (
	TalkReady           Kind = "ready"      // a talk can be looked at, and approved
	TranslationOutdated Kind = "again"      // a new source needs its translation again
	ReviewRequested     Kind = "review"     // a translation was handed in
	TalkReleased        Kind = "released"   // a talk is out
	TranslationReturned Kind = "returned"   // a translation is sent back with comments
	ProblemReported     Kind = "wrong"      // a speaker says that something is wrong
	Invitation          Kind = "invitation" // a personal link
)

// Content is what a letter says; which fields count depends on its Kind.
type Content struct {
	Name    string    // of who gets it; "" is nobody we know by name
	Title   string    // of the talk
	Link    string    // what to open
	Into    string    // the language of a translation, as it is called in the language of the letter
	Cues    int       // that need another look
	Who     string    // says that something is wrong
	Comment string    // what they say, in lines of their own
	Expires time.Time // when the link does, in the time zone to show it in
}

//go:embed letters/*.txt
var letterTemplates embed.FS

// Widths of what is written: the first in columns, the others in characters.
const (
	lineWidth     = 72    // RFC 3676, section 4.2: under 78
	titleLength   = 200   // of a talk, or the name of a person
	commentLength = 20000 // of a comment
)

// Compose is the subject and the text of a letter in a language, English where that is
// not "es". Nothing that people wrote can begin a line of a header, or turn the direction
// of the text around it.
func Compose(kind Kind, language string, m Content) (subject, body string, err error) {
	if language != "es" {
		language = "en"
	}
	t, err := template.ParseFS(letterTemplates, "letters/"+language+".txt")
	if err != nil {
		return "", "", fmt.Errorf("read the letters: %w", err)
	}
	say := func(name string, data any) string {
		var b strings.Builder
		if e := t.ExecuteTemplate(&b, name, data); e != nil && err == nil {
			err = fmt.Errorf("write a letter: %w", e)
		}
		return b.String()
	}
	said := struct {
		Content
		Expires string
	}{m, m.Expires.Format(say("time", nil))}
	said.Name, said.Title, said.Who, said.Into = OneLine(m.Name), OneLine(m.Title), OneLine(m.Who), OneLine(m.Into)
	said.Link, said.Comment = OneLine(m.Link), quote(m.Comment)
	if len(m.Link) > titleLength {
		said.Link = strings.Map(visibleRune, m.Link) // a link that was cut leads nowhere
	}
	subject = OneLine(say(string(kind)+".subject", said))
	body = wrap(say("greeting", said) + "\n\n" + say(string(kind), said) + "\n")
	return subject, body, err
}

// OneLine is what somebody wrote as it can stand in a line of ours: without control
// characters and marks that turn the direction of text, and of a bearable length.
func OneLine(s string) string {
	return shorten(strings.Join(strings.Fields(strings.Map(visibleRune, s)), " "), titleLength)
}

// visibleRune is a character as it is shown; -1 drops it.
func visibleRune(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.IsControl(r):
		return ' '
	case unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// quote is a comment as mail quotes: nobody takes it for what we say.
func quote(s string) string {
	lines := strings.Split(strings.ReplaceAll(shorten(strings.TrimSpace(s), commentLength), "\r\n", "\n"), "\n")
	for n, line := range lines {
		lines[n] = "> " + strings.TrimSpace(strings.Map(visibleRune, line))
	}
	return strings.Join(lines, "\n")
}

// wrap breaks lines between words. A link is one word, and whole.
func wrap(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		prefix := ""
		if strings.HasPrefix(line, "> ") {
			prefix, line = "> ", line[2:]
		}
		b.WriteString(prefix)
		column := uniseg.StringWidth(prefix)
		for n, word := range strings.Fields(line) {
			width := uniseg.StringWidth(word)
			switch {
			case n == 0:
			case column+1+width > lineWidth:
				b.WriteString("\n" + prefix)
				column = len(prefix)
			default:
				b.WriteString(" ")
				column++
			}
			b.WriteString(word)
			column += width
		}
		b.WriteString("\n")
	}
	return b.String()
}
