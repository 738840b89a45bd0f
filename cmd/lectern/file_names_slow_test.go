//go:build slow

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Any file name works: of a recording, of a subtitle file and of an output directory.
func TestRun_OddFileNames(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	names := []string{
		"two words", `a "quoted" 'name'`, "12:30:00", "line\nbreak\ttab", "100%d %s", "-i", "Größe 大きさ حجم",
		"a=b,c;d[e]#f?g&h", `back\slash`, "http:%2f%2fexample.com", "concat:a|b", " leading and trailing ", "*.mp4", "$HOME `id`",
	}
	languages := []string{"en", "es", "fr", "de", "it", "pt-BR", "ar", "ja", "zh-Hant", "ru", "he", "pl", "tr", "uk"}
	for _, c := range [][]string{names[:7], names[7:]} {
		out := d.path(strings.ReplaceAll(c[0], "/", "") + " out: " + c[len(c)-1])
		args := []string{"run", "--title", "Odd", "--pipeline", "small.yaml", "-o", out}
		for i, name := range c {
			d.write(name+".srt", "1\n00:00:01,000 --> 00:00:02,000\nHello.\n")
			args = append(args, "--subtitles", languages[i]+"="+name+".srt")
		}
		args = append(args, "--")
		for _, name := range c {
			d.record(name+".mp4", "2")
			args = append(args, name+".mp4")
		}
		stdout, stderr, code := d.lectern(args...)
		if code != 0 {
			t.Fatalf("lectern %q: exit code %d\n%s", args, code, stderr)
		}
		if want := filepath.Join(out, "odd") + "\n"; !strings.HasPrefix(stdout, strings.TrimSuffix(want, "\n")) {
			t.Errorf("it says %q, want %q", stdout, want)
		}
		if _, stderr, code := d.lectern("bundle", "verify", strings.TrimSuffix(stdout, "\n")); code != 0 {
			t.Errorf("the bundle in %q is not sound: %s", out, stderr)
		}
	}
}
