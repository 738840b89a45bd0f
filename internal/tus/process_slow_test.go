//go:build slow

package tus_test

import "testing"

// TestKilledTwentyTimes is long enough for what is made sure of during a PATCH.
func TestKilledTwentyTimes(t *testing.T) { killedWhileUploading(t, 20, 768<<20) }
