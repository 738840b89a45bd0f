package conference

import "golang.org/x/text/language"

// ISO639 returns the ISO 639-2/T code, three letters, that MP4 uses for a BCP 47 language
// ("spa" for "es-419", "zho" for "zh-Hant"), or "und" if there is none; MP4 drops shorter
// codes.
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
