//go:build slow

package tus_test

import "testing"

// TestServer_KilledTwentyTimes is long enough for what is made sure of during a PATCH.
func TestServer_KilledTwentyTimes(t *testing.T) { testKilledWhileUploading(t, 20, 768<<20) }
