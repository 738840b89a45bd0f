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

// Slug turns a title into a name for files and addresses: lower-case letters and digits of any
// script, without accents on Latin ones, joined by single hyphens. It returns "talk" if nothing
// is left.
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

// ValidSlug reports whether s can name files: it is what Slug returns, or close to it.
func ValidSlug(s string) bool {
	if s == "" || len(s) > 120 || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r == '/' || r == '\\' || r == ':' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// UnusedSlug returns base, or base with the first number from 2 for which taken returns false.
func UnusedSlug(base string, taken func(slug string) (bool, error)) (string, error) {
	slug := base
	for n := 2; ; n++ {
		if used, err := taken(slug); err != nil || !used {
			return slug, err
		}
		slug = fmt.Sprintf("%s-%d", base, n)
	}
}
