package charset

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// codePage is one encoding.
type codePage struct {
	name     string            // at WHATWG, in lower case
	encoding encoding.Encoding // nil for UTF-8 and UTF-16, which are read here
	single   *[256]rune        // what each byte means, where each byte is a character; else nil
	sizes    [256]uint8        // of what each byte means, in UTF-8
}

var (
	utf8Page    = &codePage{name: "utf-8"}
	utf16lePage = &codePage{name: "utf-16le"}
	utf16bePage = &codePage{name: "utf-16be"}
	utf32lePage = &codePage{name: "utf-32le", encoding: utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)}
	utf32bePage = &codePage{name: "utf-32be", encoding: utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}
)

// encodingAliases are names that WHATWG does not list but people and programs use.
var encodingAliases = map[string]string{
	"utf8-sig": "utf-8", "utf-8-sig": "utf-8", "utf16": "utf-16le", "utf16le": "utf-16le", "utf16be": "utf-16be",
	"cp932": "shift_jis", "ms932": "shift_jis", "eucjp": "euc-jp", "iso2022jp": "iso-2022-jp",
	"cp936": "gbk", "cp950": "big5", "cp949": "euc-kr", "uhc": "euc-kr", "euckr": "euc-kr", "ks_c_5601": "euc-kr",
	"cp874": "windows-874", "macroman": "macintosh", "mac-roman": "macintosh", "mac_roman": "macintosh",
	"maccyrillic": "x-mac-cyrillic", "mac-cyrillic": "x-mac-cyrillic", "koi8u": "koi8-u", "koi8r": "koi8-r",
	"ansi": "windows-1252", "gb": "gb18030",
}

// dosPages are the pages of MS-DOS, which WHATWG leaves out: read when asked for, never guessed.
var dosPages = map[string]*charmap.Charmap{
	"437": charmap.CodePage437, "850": charmap.CodePage850, "852": charmap.CodePage852, "855": charmap.CodePage855,
	"858": charmap.CodePage858, "860": charmap.CodePage860, "862": charmap.CodePage862, "863": charmap.CodePage863, "865": charmap.CodePage865,
}

// lookupPage returns the code page for a name or alias, in any case. If it is unknown, it returns
// an inputerr.Error without a file that suggests similar names.
func lookupPage(name string) (*codePage, *inputerr.Error) {
	plain := strings.ToLower(strings.TrimSpace(name))
	if whatwg, ok := encodingAliases[plain]; ok {
		plain = whatwg
	}
	for _, p := range []*codePage{utf8Page, utf16lePage, utf16bePage, utf32lePage, utf32bePage} {
		if plain == p.name {
			return p, nil
		}
	}
	if cm, ok := dosPages[strings.TrimPrefix(strings.TrimPrefix(plain, "cp"), "ibm")]; ok {
		return newPage(plain, cm), nil
	}
	for _, try := range []string{plain, strings.ReplaceAll(plain, "_", "-"), "windows-" + strings.TrimPrefix(plain, "windows")} {
		coding, err := htmlindex.Get(try)
		if err != nil {
			continue
		}
		canonical, err := htmlindex.Name(coding)
		if err != nil || canonical == "replacement" || canonical == "x-user-defined" {
			continue
		}
		for _, p := range []*codePage{utf8Page, utf16lePage, utf16bePage} {
			if canonical == p.name {
				return p, nil
			}
		}
		return newPage(canonical, coding), nil
	}
	return nil, (&inputerr.Error{Problem: fmt.Sprintf("cannot be read as %q: no encoding of that name is known", name)}).
		Hint("Name one such as %s", strings.Join(similarNames(plain), ", "))
}

func newPage(name string, coding encoding.Encoding) *codePage {
	p := &codePage{name: name, encoding: coding}
	if cm, ok := coding.(*charmap.Charmap); ok {
		p.single = new([256]rune)
		for b := range 256 {
			p.single[b] = cm.DecodeByte(byte(b))
			p.sizes[b] = uint8(utf8.RuneLen(p.single[b]))
		}
	}
	return p
}

// similarNames returns the five known encodings whose names are most like name.
func similarNames(name string) []string {
	names := append([]string{"utf-8", "utf-16le", "utf-16be", "iso-2022-jp"}, guessableNames...)
	slices.SortStableFunc(names, func(a, b string) int { return sharedPairs(b, name) - sharedPairs(a, name) })
	return names[:5]
}

// sharedPairs returns how many pairs of adjacent characters of a are in b, too.
func sharedPairs(a, b string) (shared int) {
	for i := 2; i <= len(a); i++ {
		if strings.Contains(b, a[i-2:i]) {
			shared++
		}
	}
	return shared
}

// guessableNames are the encodings a guess chooses from.
var guessableNames = []string{
	"windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
	"windows-1257", "windows-1258", "windows-874",
	"iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-10",
	"iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16",
	"koi8-r", "koi8-u", "macintosh", "x-mac-cyrillic", "ibm866",
	"shift_jis", "euc-jp", "gb18030", "big5", "euc-kr",
}

// decodeCertain decodes raw in this page, and marks the encoding as certain: it was declared or
// proven, not guessed.
func (p *codePage) decodeCertain(raw string) Text {
	return annotate(Text{UTF8: p.decode(raw), Encoding: p.name, Certain: true}, p, p == utf8Page && utf8.ValidString(raw))
}

// decode returns raw decoded in this page. Bytes that it does not define become U+FFFD or control
// characters.
func (p *codePage) decode(raw string) string {
	switch {
	case p == utf8Page:
		return strings.ToValidUTF8(raw, "\uFFFD")
	case p == utf16lePage:
		return decodeUTF16(raw, 0)
	case p == utf16bePage:
		return decodeUTF16(raw, 1)
	case p.single != nil:
		return p.decodeSingle(raw)
	}
	text := make([]byte, 0, len(raw)+len(raw)/2+utf8.UTFMax)
	text, _, err := transform.Append(p.encoding.NewDecoder(), text, []byte(raw))
	if err != nil { // no decoder of x/text fails; each writes U+FFFD instead
		return strings.ToValidUTF8(raw, "\uFFFD")
	}
	return string(text)
}

func (p *codePage) decodeSingle(raw string) string {
	size := 0
	for i := 0; i < len(raw); i++ {
		size += int(p.sizes[raw[i]])
	}
	var text strings.Builder
	text.Grow(size)
	for i := 0; i < len(raw); i++ {
		text.WriteRune(p.single[raw[i]])
	}
	if p.name == "windows-1258" { // writes the tones of Vietnamese as combining marks
		return norm.NFC.String(text.String())
	}
	return text.String()
}
