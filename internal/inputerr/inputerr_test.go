package inputerr_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lectern-av/lectern/internal/inputerr"
)

func TestError_Text(t *testing.T) {
	for want, err := range map[string]*inputerr.Error{
		"is empty":                              inputerr.New("", "is %s", "empty"),
		"a.srt: is empty":                       inputerr.New("a.srt", "is empty"),
		"a.srt:3: is empty. Fill it":            inputerr.New("a.srt", "is empty").At(3).Hint("Fill it"),
		"a.srt: is this empty? Fill it":         inputerr.New("a.srt", "is this empty?").Hint("Fill it"),
		`"a\x1b.srt": is empty`:                 inputerr.New("a\x1b.srt", "is empty"),
		"a.srt:3: 5 of {m} cues. Keep 5 or {m}": inputerr.Coded("cues.few", "{n} of {m} cues", "n", 5).In("a.srt").At(3).Hint("Keep {n} or {m}"),
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAs(t *testing.T) {
	err := inputerr.New("a.srt", "is empty")
	if got := inputerr.As(fmt.Errorf("read: %w", err)); got != err {
		t.Errorf("got %v, want %v", got, err)
	}
	if got := inputerr.As(fmt.Errorf("read: %s", err)); got != nil {
		t.Errorf("got %v, want nil", got)
	}
}

func TestError_JSON(t *testing.T) {
	for want, err := range map[string]*inputerr.Error{
		`{"problem":"is empty"}`: inputerr.New("", "is empty"),
		`{"file":"a.srt","line":2,"problem":"5 cues","remedy":"Fill it","code":"cues.few","values":{"n":"5"}}`: inputerr.Coded("cues.few", "{n} cues", "n", 5).In("a.srt").At(2).Hint("Fill it"),
	} {
		if got, marshalErr := json.Marshal(err); marshalErr != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, marshalErr, want)
		}
	}
}
