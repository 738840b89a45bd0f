package conference

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxSlug leaves room for "-1080-lossless.mp4" and the like in names of 255 bytes, and
// for eyes.
const maxSlug = 80

// Slug returns a title as a name for files and addresses: lower-case letters and digits of any
// script, without accents on Latin ones, joined by single hyphens, about 80 bytes at most. It
// returns "talk" if nothing is left.
func Slug(title string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(title)) {
		switch {
		case unicode.Is(unicode.Mn, r) && b.Len() > 0 && r < 0x370: // a Latin accent
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	if b.Len() == 0 {
		return "talk"
	}
	return norm.NFC.String(b.String())
}

// ValidSlug reports whether s can be the name of a file: it is not empty, has at most 120 bytes, no
// slashes, colons, spaces and control characters, and begins with neither a dot nor a hyphen.
func ValidSlug(s string) bool {
	if s == "" || len(s) > 120 || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r == '/' || r == '\\' || r == ':' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// UnusedSlug returns base if it is unused, or else base with a hyphen and the first number from 2
// that makes it unused. taken reports whether a slug is used; its error is returned.
func UnusedSlug(base string, taken func(slug string) (bool, error)) (string, error) {
	slug := base
	for n := 2; ; n++ {
		if used, err := taken(slug); err != nil || !used {
			return slug, err
		}
		slug = fmt.Sprintf("%s-%d", base, n)
	}
}
