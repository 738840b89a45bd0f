package charset

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// declaredPage returns the page that raw declares by a byte-order mark of UTF-16 or UTF-32, or by
// the escape sequences of ISO-2022-JP. It is nil if raw declares none or is not valid in it. (UTF-8
// is recognised without a mark.)
func declaredPage(raw string) *codePage {
	switch {
	case strings.HasPrefix(raw, "\xFF\xFE\x00\x00") && len(raw)%4 == 0:
		return utf32lePage
	case strings.HasPrefix(raw, "\x00\x00\xFE\xFF") && len(raw)%4 == 0:
		return utf32bePage
	case strings.HasPrefix(raw, "\xFF\xFE"):
		return utf16lePage
	case strings.HasPrefix(raw, "\xFE\xFF"):
		return utf16bePage
	case strings.IndexByte(raw, 0x1b) >= 0 && (strings.Contains(raw, "\x1b$B") || strings.Contains(raw, "\x1b$@")):
		p, err := lookupPage("iso-2022-jp")
		if err == nil && !strings.Contains(p.decode(raw), "\uFFFD") {
			return p
		}
	}
	return nil
}

// xmlDeclaredPage returns the page that an XML declaration names. It is nil if there is no such
// declaration, if its encoding is unknown, UTF-8 or UTF-16, or if the document is not valid in it.
// Converted documents often still name their old encoding, so callers look for valid UTF-8 first.
func xmlDeclaredPage(raw string) *codePage {
	m := xmlEncoding.FindStringSubmatch(raw[:min(len(raw), 200)])
	if m == nil {
		return nil
	}
	p, unknown := lookupPage(m[1])
	if unknown != nil || p.encoding == nil || strings.ContainsFunc(p.decode(raw), func(r rune) bool { return r == utf8.RuneError || isC1(r) }) {
		return nil
	}
	return p
}

var xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding=["']([A-Za-z0-9._-]+)["']`)

// detectUTF16 returns the page of UTF-16 in the right byte order if raw is UTF-16 without a
// byte-order mark, or nil. It relies on NULs: in the right order, the digits, spaces and line ends
// of times are ASCII, and the text between them has only assigned characters.
func detectUTF16(raw string) *codePage {
	if strings.IndexByte(raw, 0) < 0 {
		return nil
	}
	var ascii [2]int // code units from HT to ~ whose high byte is the second, the first
	for i := 0; i+1 < len(raw); i += 2 {
		switch {
		case raw[i+1] == 0 && isPrintableASCII(raw[i]):
			ascii[0]++
		case raw[i] == 0 && isPrintableASCII(raw[i+1]):
			ascii[1]++
		}
	}
	p, most, least := utf16lePage, ascii[0], ascii[1]
	if most < least {
		p, most, least = utf16bePage, least, most
	}
	if most*20 < len(raw)/2 || most < 3*least || !isReadable(p.decode(raw)) {
		return nil
	}
	return p
}

func isPrintableASCII(c byte) bool {
	return ' ' <= c && c < 0x7f || c == '\n' || c == '\r' || c == '\t'
}

// isReadable reports whether at most 1 in 50 characters is one that text does not normally contain.
func isReadable(text string) bool {
	odd, all := 0, 0
	for _, r := range text {
		all++
		if !unicode.IsGraphic(r) && !unicode.In(r, unicode.Cf, unicode.Mn) && r != '\n' && r != '\r' && r != '\t' || r == utf8.RuneError {
			odd++
		}
	}
	return odd*50 <= all
}

// decodeUTF16 decodes raw as UTF-16, little-endian if order is 0, big-endian if it is 1. A lone
// surrogate, or half a code unit at the end, becomes U+FFFD.
func decodeUTF16(raw string, order int) string {
	unit := func(i int) rune { return rune(raw[i+1-order])<<8 | rune(raw[i+order]) }
	text := make([]byte, 0, len(raw))
	for i := 0; i+1 < len(raw); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if i+3 < len(raw) {
				second = unit(i + 2)
			}
			r = utf16.DecodeRune(r, second)
			if r != utf8.RuneError {
				i += 2
			}
		}
		text = utf8.AppendRune(text, r)
	}
	if len(raw)%2 == 1 {
		text = utf8.AppendRune(text, utf8.RuneError)
	}
	return string(text)
}

// binaryFormats are beginnings that no text has.
var binaryFormats = []struct{ magic, format string }{
	{"\x89PNG\r\n", "PNG"}, {"\xFF\xD8\xFF", "JPEG"}, {"GIF87a", "GIF"}, {"GIF89a", "GIF"},
	{"%PDF-", "PDF"}, {"PK\x03\x04", "ZIP/DOCX/ODT"}, {"PK\x05\x06", "ZIP"},
	{"\x1f\x8b\x08", "gzip"}, {"7z\xBC\xAF\x27\x1C", "7-Zip"}, {"Rar!\x1a\x07", "RAR"},
	{"BZh91AY&SY", "bzip2"}, {"\xFD7zXZ\x00", "xz"}, {"\x28\xB5\x2F\xFD", "Zstandard"},
	{"\x7FELF", "ELF"}, {"\x1A\x45\xDF\xA3", "Matroska/WebM"}, {"OggS\x00", "Ogg"},
	{"fLaC\x00", "FLAC"}, {"ID3\x03", "MP3"}, {"ID3\x04", "MP3"},
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "DOC/XLS/PPT"}, {"SQLite format 3\x00", "SQLite"}, {"{\\rtf", "RTF"},
	{"\x00\x00\x01\xBA", "MPEG"}, {"wOFF", "WOFF"}, {"wOF2", "WOFF"},
}

// binaryFormat returns the name of the binary format, such as ZIP, that raw begins like, or "".
func binaryFormat(raw string) string {
	for _, f := range binaryFormats {
		if strings.HasPrefix(raw, f.magic) {
			return f.format
		}
	}
	switch {
	case len(raw) >= 12 && raw[4:8] == "ftyp":
		return "MP4/QuickTime"
	case len(raw) >= 12 && raw[:4] == "RIFF" && (raw[8:12] == "WAVE" || raw[8:12] == "AVI " || raw[8:12] == "WEBP"):
		return "WAV/AVI/WebP"
	}
	return ""
}

// tooManyControls reports whether more than 1 in 20 bytes, and more than 8, are control characters
// that text does not contain. NULs at the end, as crashes and downloads leave them, do not count,
// unless there is nothing else.
func tooManyControls(raw string) bool {
	body := strings.TrimRight(raw, "\x00")
	if body == "" {
		return raw != ""
	}
	controls := 0
	for i := 0; i < len(body); i++ {
		if c := body[i]; c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1a && c != 0x1b {
			controls++
		}
	}
	return controls > 8 && controls*20 > len(body)
}
