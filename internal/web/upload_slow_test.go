//go:build slow

package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUploadJS runs the JavaScript tests of static/tus.js. Node up to version 20 takes a module for
// one only if its name ends in .mjs or a package.json says so.
func TestUploadJS(t *testing.T) {
	dir := t.TempDir()
	for from, to := range map[string]string{"static/tus.js": "tus.mjs", "testdata/tus.test.mjs": "tus.test.mjs"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "node", "--test", filepath.Join(dir, "tus.test.mjs")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
