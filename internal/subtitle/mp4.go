package subtitle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
)

// WriteMP4 writes cues, in ascending order, as an MP4 file with one text track (3GPP timed text,
// "tx3g") in language (BCP 47) and nothing else. ffmpeg can copy it into a video as soft subtitles.
// ffmpeg's own encoder cannot be used: version 5.1 drops List<String>, breaks the line at \N and
// doubles braces.
//
// The track begins at zero. Cues that overlap are merged as by [Flatten]. It returns ErrNoCues if
// there are no cues.
func WriteMP4(w io.Writer, cues []conference.Cue, language string) error {
	if len(cues) == 0 {
		return ErrNoCues
	}
	var samples [][]byte
	var lasting []uint32 // milliseconds
	add := func(sample []byte, ms int64) {
		if ms > 0 {
			samples, lasting = append(samples, sample), append(lasting, uint32(ms))
		}
	}
	var at int64
	for _, c := range Flatten(cues) {
		sample, err := timedTextSample(c)
		if err != nil {
			return err
		}
		add([]byte{0, 0}, c.Start.Milliseconds()-at)
		at = c.End.Milliseconds()
		add(sample, at-c.Start.Milliseconds())
	}
	ftyp := box("ftyp", []byte("isom"), u32(0x200), []byte("isom"))
	mdat := box("mdat", samples...)
	moov := moovBox(samples, lasting, uint32(at), uint32(len(ftyp)+8), language)
	_, err := w.Write(bytes.Join([][]byte{ftyp, mdat, moov}, nil))
	return err
}

// timedTextSample encodes a cue as a sample of timed text: its text, and its styles if it has any.
// It leaves out the place, which few players support. Text of more than 65535 bytes is an error.
func timedTextSample(c conference.Cue) ([]byte, error) {
	c = normalizeCue(c)
	if len(c.Text) > 0xffff {
		return nil, fmt.Errorf("cue %s has %d bytes of text, more than a text track can show at once", c.ID, len(c.Text))
	}
	sample := append(u16(len(c.Text)), c.Text...)
	if len(c.Spans) == 0 {
		return sample, nil
	}
	var styles [][]byte
	at, chars := 0, 0 // counted in characters, not in bytes
	for _, s := range c.Spans {
		from := chars + utf8.RuneCountInString(c.Text[at:s.From])
		to := from + utf8.RuneCountInString(c.Text[s.From:s.To])
		styles = append(styles, u16(from), u16(to), u16(1), []byte{faceFlags(s), fontSize}, u32(rgba(s.Colour)))
		at, chars = s.To, to
	}
	return append(sample, box("styl", u16(len(c.Spans)), bytes.Join(styles, nil))...), nil
}

// The font is ffmpeg's own default, so that its decoder adds no font tags to the text.
const (
	font     = "Arial"
	fontSize = 16
	white    = 0xffffffff // red, green, blue, and how opaque
)

// faceFlags returns the bits by which timed text marks bold, italic and underlined text.
func faceFlags(s conference.Span) (flags byte) {
	if s.Bold {
		flags |= 1
	}
	if s.Italic {
		flags |= 2
	}
	if s.Underline {
		flags |= 4
	}
	return flags
}

// rgba returns a colour "#rrggbb" as timed text stores it, opaque. Any other text gives white, the
// default.
func rgba(colour string) uint32 {
	v, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 24)
	if err != nil {
		return white
	}
	return uint32(v)<<8 | 0xff
}

// moovBox returns the moov box of a file with one text track. The samples follow each other in the
// file from offset on; lasting are their durations, in milliseconds like duration.
func moovBox(samples [][]byte, lasting []uint32, duration, offset uint32, language string) []byte {
	matrix := bytes.Join([][]byte{u32(0x10000), zeros(12), u32(0x10000), zeros(12), u32(0x40000000)}, nil)
	var stts, stsz []byte
	for i, s := range samples {
		stts = append(stts, append(u32(1), u32(lasting[i])...)...)
		stsz = append(stsz, u32(uint32(len(s)))...)
	}
	count := u32(uint32(len(samples)))
	entry := box("tx3g", zeros(6), u16(1),
		u32(0), []byte{1, 0xff}, zeros(4), zeros(8), // below, centred, on nothing
		u16(0), u16(0), u16(1), []byte{0, fontSize}, u32(white),
		box("ftab", u16(1), u16(1), []byte{byte(len(font))}, []byte(font)))
	table := box("stbl",
		box("stsd", u32(0), u32(1), entry),
		box("stts", u32(0), count, stts),
		box("stsc", u32(0), u32(1), u32(1), count, u32(1)),
		box("stsz", u32(0), u32(0), count, stsz),
		box("stco", u32(0), u32(1), u32(offset)))
	return box("moov",
		box("mvhd", u32(0), zeros(8), u32(1000), u32(duration), u32(0x10000), u16(0x100), zeros(10), matrix, zeros(24), u32(2)),
		box("trak",
			box("tkhd", u32(3), zeros(8), u32(1), u32(0), u32(duration), zeros(16), matrix, zeros(8)),
			box("mdia",
				box("mdhd", u32(0), zeros(8), u32(1000), u32(duration), encodeMP4Language(conference.ISO639(language)), u16(0)),
				box("hdlr", u32(0), u32(0), []byte("sbtl"), zeros(12), []byte("SubtitleHandler\x00")),
				box("minf",
					box("nmhd", u32(0)),
					box("dinf", box("dref", u32(0), u32(1), box("url ", u32(1)))),
					table))))
}

// encodeMP4Language packs a language code of three letters (ISO 639-2/T) into 15 bits, as a media
// header stores it.
func encodeMP4Language(code string) []byte {
	v := 0
	for _, c := range []byte(code) {
		v = v<<5 | int(c-0x60)
	}
	return u16(v)
}

func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(u32(uint32(8+len(body))), kind...), body...)
}

func u16(v int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
func zeros(n int) []byte  { return make([]byte, n) }
