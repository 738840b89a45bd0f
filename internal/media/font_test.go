package media

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFontFamily looks up installed families, aliases and unknown names.
func TestFontFamily(t *testing.T) {
	if _, err := exec.LookPath("fc-match"); err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	usual := matched(t, "sans-serif", "family")
	conf := filepath.Join(t.TempDir(), "fonts.conf")
	const rules = `<fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<alias><family>House</family><prefer><family>USUAL</family></prefer></alias>
<alias binding="same"><family>Barn, Old-style</family><accept><family>USUAL</family></accept></alias>
<alias><family>Shed</family><default><family>serif</family></default></alias>
</fontconfig>`
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(rules, "USUAL", usual)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FONTCONFIG_FILE", conf)
	for _, c := range []struct{ name, want string }{
		{usual, usual},
		{strings.ToUpper(usual), usual},
		{strings.ReplaceAll(usual, " ", ""), usual},
		{"sans-serif", usual},
		{"Sans", usual},
		{"monospace", matched(t, "monospace", "family")},
		{"House", usual},
		{"Barn, Old-style", usual},
		{"Shed", ""}, // of a kind, and no more
		{"No Such Family", ""},
		{"No-Such:bold, 12", ""},
		{"--help", ""},
	} {
		got, err := FontFamily(t.Context(), c.name)
		if lack := new(RequirementError); c.want == "" {
			if !errors.As(err, &lack) || !strings.Contains(lack.Problem, c.name) || !strings.Contains(lack.Remedy, "fc-list") {
				t.Errorf("%s: %q, %v", c.name, got, err)
			}
		} else if got != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	t.Setenv("PATH", "")
	if _, err := FontFamily(t.Context(), "House"); !strings.Contains(err.Error(), "apt-get install fontconfig") {
		t.Errorf("without fontconfig: %v", err)
	}
}

// TestFontFile_Renamed checks that FreeType knows the font by its new name only.
func TestFontFile_Renamed(t *testing.T) {
	if _, err := exec.LookPath("fc-scan"); err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	for _, pattern := range []string{"sans-serif:fontformat=TrueType", "sans-serif:fontformat=CFF", "Noto Sans CJK JP"} {
		font, err := readFontFile(matched(t, pattern, "file"))
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		out := filepath.Join(t.TempDir(), "letters.ttf")
		if err := os.WriteFile(out, font.renamed(fontFileFamily), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := CheckFont(out); err != nil {
			t.Errorf("%s: it does not come back: %v", pattern, err)
		}
		stderr, err := exec.Command("fc-scan", "--format", "%{family}\n", out).Output()
		if family, _, _ := strings.Cut(string(stderr), "\n"); family != fontFileFamily || err != nil {
			t.Errorf("%s: it is called %q, %v", pattern, stderr, err)
		}
	}
}

// matched returns what fontconfig chooses for a pattern: its "family" or "file".
func matched(t *testing.T, pattern, what string) string {
	t.Helper()
	stderr, err := exec.Command("fc-match", "--format", "%{"+what+"[0]}", pattern).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(stderr)
}
