// Package mail writes the emails of a conference server and sends them over SMTP, or prints
// them if there is no mail server.
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

// Kind is the occasion of an email.
type Kind string

// The kinds of emails.
const (
	TalkReady           Kind = "ready"      // to speakers: a talk's video is ready for approval
	TranslationOutdated Kind = "again"      // to translators: the source has changed
	ReviewRequested     Kind = "review"     // to reviewers: a translation is ready for review
	TalkReleased        Kind = "released"   // a talk was published
	TranslationReturned Kind = "returned"   // to translators: a reviewer sent the translation back
	ProblemReported     Kind = "wrong"      // to organisers: a speaker reported a problem
	Invitation          Kind = "invitation" // an invitation with a personal link
)

// Content is what goes into an email. Which fields are used depends on its Kind.
type Content struct {
	Name           string    // of the recipient; "" if unknown
	Title          string    // of the talk
	Link           string    // page to open
	TargetLanguage string    // name of the target language, in the language of the email
	Cues           int       // number of cues to look at again
	Author         string    // author of Comment
	Comment        string    // may have several lines
	Expires        time.Time // when the link expires, in the time zone to show
}

//go:embed templates/*.txt
var templates embed.FS

// Limits: lineWidth in columns, the others in characters.
const (
	lineWidth     = 72    // RFC 3676, section 4.2: under 78
	titleLength   = 200   // titles, names and links
	commentLength = 20000 // comments
)

// Compose returns the subject and body of an email in a language: Spanish for "es", English for any
// other. Text that users wrote cannot add header lines or change the direction of the text around
// it.
func Compose(kind Kind, language string, c Content) (subject, body string, err error) {
	if language != "es" {
		language = "en"
	}
	t, err := template.ParseFS(templates, "templates/"+language+".txt")
	if err != nil {
		return "", "", fmt.Errorf("read the email templates: %w", err)
	}
	render := func(name string, data any) string {
		var b strings.Builder
		if e := t.ExecuteTemplate(&b, name, data); e != nil && err == nil {
			err = fmt.Errorf("fill in an email template: %w", e)
		}
		return b.String()
	}
	safe := struct {
		Content
		Expires string
	}{c, c.Expires.Format(render("time", nil))}
	safe.Name, safe.Title, safe.Author, safe.TargetLanguage = OneLine(c.Name), OneLine(c.Title), OneLine(c.Author), OneLine(c.TargetLanguage)
	safe.Link, safe.Comment = OneLine(c.Link), quote(c.Comment)
	if len(c.Link) > titleLength {
		safe.Link = strings.Map(visibleRune, c.Link) // a shortened link would not work
	}
	subject = OneLine(render(string(kind)+".subject", safe))
	body = wrap(render("greeting", safe) + "\n\n" + render(string(kind), safe) + "\n")
	return subject, body, err
}

// OneLine returns text by a user as a single line, without control characters and marks that change
// the direction of text. A line of more than 200 characters is cut and ends in "…".
func OneLine(s string) string {
	return shorten(strings.Join(strings.Fields(strings.Map(visibleRune, s)), " "), titleLength)
}

// visibleRune returns a space for white space and control characters, and -1, for use with
// [strings.Map], for direction marks. Other characters stay.
func visibleRune(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.IsControl(r):
		return ' '
	case unicode.Is(unicode.Bidi_Control, r):
		return -1
	}
	return r
}

func shorten(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// quote returns a comment by a user as a quotation: each line begins with "> ", so that readers do
// not take it for text of the server. Comments of more than commentLength characters are cut.
func quote(s string) string {
	lines := strings.Split(strings.ReplaceAll(shorten(strings.TrimSpace(s), commentLength), "\r\n", "\n"), "\n")
	for n, line := range lines {
		lines[n] = "> " + strings.TrimSpace(strings.Map(visibleRune, line))
	}
	return strings.Join(lines, "\n")
}

// wrap breaks the lines of s between words, so that they have at most lineWidth columns. Only a
// single word, such as a link, may be longer. The parts of a line that begins with "> " begin with
// it, too.
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
