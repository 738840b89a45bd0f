package main

import (
	"slices"
	"testing"
)

func TestMaskSecrets_HidesPasswordsAndTokens(t *testing.T) {
	for _, test := range []struct{ args, want []string }{
		{[]string{"serve", "--redis", "redis://u:secret@host:6379/0"}, []string{"serve", "--redis", "redis://u:*****@host:6379/0"}},
		{[]string{"--redis=redis://:secret@host"}, []string{"--redis=redis://:*****@host"}},
		{[]string{"--mail-server", "smtp://ana:p@ss/w:rd\n@mail:587"}, []string{"--mail-server", "smtp://ana:*****@mail:587"}},
		{[]string{"--token", "secret", "status"}, []string{"--token", "*****", "status"}},
		{[]string{"--token=secret"}, []string{"--token=*****"}},
		{[]string{"--redis", "redis://host:6379/0", "a b"}, []string{"--redis", "redis://host:6379/0", "a b"}},
		{[]string{"submit", "https://lectern.example/l", "ana@example.org"}, []string{"submit", "https://lectern.example/l", "ana@example.org"}},
	} {
		if got := maskSecrets(test.args); !slices.Equal(got, test.want) {
			t.Errorf("maskSecrets(%q) = %q, want %q", test.args, got, test.want)
		}
	}
}
