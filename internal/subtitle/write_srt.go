package subtitle

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// writeSRT writes settled cues as players read SubRip: i, b, u and font tags that end
// with their line, and a place as the {\an8} that they took over from ASS.
func writeSRT(b *bytes.Buffer, cues []conference.Cue) {
	for i, c := range cues {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%d\n%s --> %s\n", i+1, stamp(c.Start, ','), stamp(c.End, ','))
		if c.Place != 0 {
			fmt.Fprintf(b, `{\an%d}`, c.Place)
		}
		for _, l := range linesOf(c) {
			for _, p := range l {
				open, shut := srtTags(p.look)
				b.WriteString(open + shield(p.text) + shut)
			}
			b.WriteByte('\n')
		}
	}
}

func srtTags(look conference.Span) (open, shut string) {
	if look.Colour != "" {
		open, shut = `<font color="`+look.Colour+`">`, "</font>"
	}
	o, s := letterTags(look)
	return open + o, s + shut
}

// letterTags are the tags that SubRip and WebVTT share.
func letterTags(look conference.Span) (open, shut string) {
	if look.Italic {
		open, shut = open+"<i>", "</i>"+shut
	}
	if look.Bold {
		open, shut = open+"<b>", "</b>"+shut
	}
	if look.Underline {
		open, shut = open+"<u>", "</u>"+shut
	}
	return open, shut
}

// joiner is U+2060, which is not seen and at which no line breaks. SubRip and ASS have no
// way to write text that looks like markup; with it inside, players show that text as it
// is (ffmpeg and libass write and read the backslash of ASS so).
const joiner = "\u2060"

var (
	tagLike    = regexp.MustCompile(`(?i)([<{])(` + joiner + `*(?:/?(?:i|b|u|s|font|br)\b[^<>\n]*>|\\))`)
	shielded   = regexp.MustCompile(`(?i)([<{])` + joiner + `(` + joiner + `*(?:/?(?:i|b|u|s|font|br)\b[^<>\n]*>|\\))`)
	timeLike   = regexp.MustCompile(`(?m)^(.*\d[\d:.,; \t]*-+)(` + joiner + `*>[ \t]*\d)`)
	timeShield = regexp.MustCompile(`(?m)^(.*\d[\d:.,; \t]*-+)` + joiner + `(` + joiner + `*>[ \t]*\d)`)
)

// shield writes text that a reader of SubRip would take for a tag, or a line of text that
// looks like the times of a cue, with a joiner inside.
func shield(s string) string {
	return timeLike.ReplaceAllString(tagLike.ReplaceAllString(s, "$1"+joiner+"$2"), "$1"+joiner+"$2")
}

// unshield is the text that shield was given.
func unshield(s string) string {
	if !strings.Contains(s, joiner) {
		return s
	}
	return shielded.ReplaceAllString(timeShield.ReplaceAllString(s, "$1$2"), "$1$2")
}

// stamp is t as 00:00:01,000, with the point that the format wants.
func stamp(t time.Duration, point byte) string {
	ms := t.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3600000, ms/60000%60, ms/1000%60, point, ms%1000)
}
