package subtitle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

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
// reads back the same. (It is written here and not by go-astisub, whose writer leaves
// a --> in the text, which ends a cue, crosses tags and knows no header lines.)
func WriteVTT(w io.Writer, cues []conference.Cue, h Header) error {
	if len(cues) == 0 {
		return ErrNothing
	}
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	if h.Language != "" {
		fmt.Fprintf(&b, "Kind: captions\nLanguage: %s\n", h.Language)
	}
	if h.Edition != "" {
		fmt.Fprintf(&b, "\nNOTE lectern edition %s\n", h.Edition)
	}
	for i, c := range cues {
		fmt.Fprintf(&b, "\n%d\n%s --> %s\n%s\n", i+1, stamp(c.Start, '.'), stamp(c.End, '.'), scan(c.Text).webVTT())
	}
	return emit(w, b.Bytes(), cues, Normal)
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
