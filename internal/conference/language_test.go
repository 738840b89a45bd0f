package conference

import "testing"

func TestISO639(t *testing.T) {
	for tag, want := range map[string]string{
		"en": "eng", "es": "spa", "es-419": "spa", "fr": "fra", "de": "deu", "zh-Hant": "zho", "pt-BR": "por",
		"de-AT": "deu", "und": "und", "": "und", "not a tag": "und", "gsw": "gsw", "mul": "mul",
	} {
		if got := ISO639(tag); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
}
