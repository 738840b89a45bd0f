package message_test

import (
	"testing"

	"github.com/lectern-av/lectern/internal/message"
)

func TestFormat(t *testing.T) {
	english := message.Templates{"too-long": "{n} of {limit} seconds"}
	for _, tc := range []struct {
		name string
		m    message.Message
		want string
	}{
		{"values", message.New("too-long", "n", "9", "limit", "7"), "9 of 7 seconds"},
		{"value that looks like a placeholder", message.New("too-long", "n", "{limit}", "limit", "7"), "{limit} of 7 seconds"},
		{"unknown code", message.New("new-code"), "new-code"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := english.Format(tc.m); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
