package web

import "testing"

func TestIsLocalPath_RefusesOtherSites(t *testing.T) {
	for target, want := range map[string]bool{
		"/":                       true,
		"/talks/alpha?q=a//b#end": true,
		"/talks/a%20b":            true,
		"/watch/alpha?at=%0A":     true,
		"":                        false,
		"talks":                   false,
		"//host":                  false,
		"///host":                 false,
		"/\t/host":                false,
		"/%09/host":               false,
		"/\n/host":                false,
		"/%0d%0a/host":            false,
		"/\x7f/host":              false,
		`/\host`:                  false,
		"/%5Chost":                false,
		"/%2Fhost":                false,
		"/x//host":                false,
		"https://host/":           false,
		"javascript:alert(1)":     false,
	} {
		if got := isLocalPath(target); got != want {
			t.Errorf("isLocalPath(%q) = %t, want %t", target, got, want)
		}
	}
}
