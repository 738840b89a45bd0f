//go:build slow

package main

import "testing"

// TestScripts_Slow runs the scripts that encode a talk several times.
func TestScripts_Slow(t *testing.T) {
	t.Parallel()
	runScripts(t, "testdata/script/slow")
}
