package conference

import "golang.org/x/text/language"

// ISO639 returns the ISO 639-2/T code of a BCP 47 language, three letters, such as "spa" for
// "es-419" or "zho" for "zh-Hant". MP4 has room for no other. It returns "und" if there is none.
func ISO639(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und {
		return "und" // x/text would guess English
	}
	base, _ := parsed.Base()
	code := base.ISO3()
	if len(code) != 3 {
		return "und"
	}
	return code
}
