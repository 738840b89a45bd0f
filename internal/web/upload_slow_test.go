//go:build slow

package web_test

import (
	"os/exec"
	"testing"
)

// TestUploadJS runs the JavaScript tests of static/tus.js.
func TestUploadJS(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), "node", "--test", "testdata/tus.test.mjs").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
