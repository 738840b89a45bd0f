package conference

import "golang.org/x/text/language"

// ISO639 is the code by which MP4 knows a BCP 47 language: ISO 639-2/T, three letters
// ("spa" for "es-419", "zho" for "zh-Hant"). It is "und" where there is none; MP4 drops
// shorter codes.
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
