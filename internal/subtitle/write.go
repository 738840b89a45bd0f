package subtitle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/asticode/go-astisub"

	"github.com/lectern-av/lectern/internal/conference"
)

// Markup says what becomes of i, b and u tags.
type Markup bool

// What can become of markup.
const (
	Strip Markup = false // YouTube wants none
	Keep  Markup = true
)

// ErrNothing is returned for a file that would hold no cue.
var ErrNothing = errors.New("there is no cue to write")

// WriteSRT writes cues, which are ascending, as plain UTF-8 SRT: LF, no byte-order
// mark, numbered from 1, no entities. Nothing is written unless it reads back the same.
func WriteSRT(w io.Writer, cues []conference.Cue, markup Markup) error {
	if len(cues) == 0 {
		return ErrNothing
	}
	text := Plain
	if markup == Keep {
		text = Normal
	}
	var b bytes.Buffer
	for i, c := range cues {
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", i+1, stamp(c.Start, ','), stamp(c.End, ','), text(c.Text))
	}
	return emit(w, b.Bytes()[:b.Len()-1], cues, text)
}

// stamp is t as 00:00:01,000, with the point that the format wants.
func stamp(t time.Duration, point byte) string {
	ms := milli(t).Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3600000, ms/60000%60, ms/1000%60, point, ms%1000)
}

// Header is what a WebVTT file says of itself.
type Header struct {
	Language string // BCP 47, or ""
	Edition  string // the edition its times belong to, or ""
}

// WriteVTT writes cues, which are ascending, as WebVTT. Nothing is written unless it
// reads back the same.
func WriteVTT(w io.Writer, cues []conference.Cue, h Header) error {
	if len(cues) == 0 {
		return ErrNothing
	}
	var body bytes.Buffer
	if err := model(cues).WriteToWebVTT(&body); err != nil {
		return fmt.Errorf("write WebVTT: %w", err)
	}
	// The model has no place for headers, and its writer escapes only & and <, but a
	// --> in the text would end the cue.
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	if h.Language != "" {
		fmt.Fprintf(&b, "Kind: captions\nLanguage: %s\n", h.Language)
	}
	if h.Edition != "" {
		fmt.Fprintf(&b, "\nNOTE lectern edition %s\n", h.Edition)
	}
	for line := range strings.Lines(strings.TrimPrefix(body.String(), "WEBVTT\n")) {
		if !timing.MatchString(strings.TrimSuffix(line, "\n")) {
			line = strings.ReplaceAll(line, "-->", "--&gt;")
		}
		b.WriteString(line)
	}
	return emit(w, b.Bytes(), cues, Normal)
}

// model is cues as go-astisub has them.
func model(cues []conference.Cue) *astisub.Subtitles {
	s := astisub.NewSubtitles()
	for _, c := range cues {
		item := &astisub.Item{StartAt: milli(c.Start), EndAt: milli(c.End), Lines: []astisub.Line{{}}}
		for _, r := range scan(Normal(c.Text)).runs {
			line := &item.Lines[len(item.Lines)-1]
			text, ends := strings.CutSuffix(r.text, "\n")
			// The empty item keeps the writer from joining the tags of neighbours,
			// which it does by position and not by nesting.
			line.Items = append(line.Items, astisub.LineItem{}, astisub.LineItem{Text: text, InlineStyle: r.style.model()})
			if ends {
				item.Lines = append(item.Lines, astisub.Line{})
			}
		}
		s.Items = append(s.Items, item)
	}
	return s
}

func (s style) model() *astisub.StyleAttributes {
	var a astisub.StyleAttributes
	for k := range letters {
		if s[k] {
			a.WebVTTTags = append(a.WebVTTTags, astisub.WebVTTTag{Name: letters[k : k+1]})
		}
	}
	return &a
}

// Normal is a cue's text with its markup in the one form that is stored and compared.
func Normal(text string) string { return scan(text).normal() }

// emit writes b once it is proved to hold the cues.
func emit(w io.Writer, b []byte, cues []conference.Cue, text func(string) string) error {
	if err := proved(b, cues, text); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}
