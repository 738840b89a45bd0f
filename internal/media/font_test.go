package media

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFontFamily asks for names that are families, that stand for one, and that are nothing.
func TestFontFamily(t *testing.T) {
	if _, err := exec.LookPath("fc-match"); err != nil {
		t.Skip("this machine has no fontconfig: install fontconfig")
	}
	usual := matched(t, "sans-serif")
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
		{"monospace", matched(t, "monospace")},
		{"House", usual},
		{"Barn, Old-style", usual},
		{"Shed", ""}, // of a kind, and no more
		{"No Such Family", ""},
		{"No-Such:bold, 12", ""},
		{"--help", ""},
	} {
		got, err := FontFamily(t.Context(), c.name)
		if lack := new(Lack); c.want == "" {
			if !errors.As(err, &lack) || !strings.Contains(lack.What, c.name) || !strings.Contains(lack.Remedy, "fc-list") {
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

// matched is the family that fontconfig itself takes for a pattern.
func matched(t *testing.T, pattern string) string {
	t.Helper()
	said, err := exec.Command("fc-match", "--format", "%{family[0]}", pattern).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}
