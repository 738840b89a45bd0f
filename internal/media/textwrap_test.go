package media

import (
	"slices"
	"testing"
)

func TestWrapText_BalancesLines(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    []string
	}{
		{"Short", 20, []string{"Short"}},
		{"Prototyping APIs without regret", 24, []string{"Prototyping APIs", "without regret"}},
		{"日本語の長いタイトル", 12, []string{"日本語の長", "いタイトル"}},
		{"See https://example.org/a/very/long/path for more", 25, []string{"See https://example.org/", "a/very/long/path for more"}},
		{"Donaudampfschifffahrt", 8, []string{"Donaudam", "pfschiff", "fahrt"}},
		{"", 10, []string{""}},
	} {
		if got := balanceLines(c.text, c.columns); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: %q, want %q", c.text, c.columns, got, c.want)
		}
	}
}

func TestRightToLeft(t *testing.T) {
	for text, want := range map[string]bool{"Hello": false, "2026 שלום": true, "العربية with English": true, "C++": false, "42": false} {
		if got := rightToLeft(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
