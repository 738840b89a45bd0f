package catalog

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
)

func TestEventMessage(t *testing.T) {
	for _, tc := range []struct{ what, old, new, want string }{
		{"talk.title", `"Old"`, `"New"`, "changed the title"},
		{"talk.unheard_of", ``, `1`, "changed unheard_of"},
		{"scheduling.room", `"1"`, `"2"`, "changed the room"},
		{"salt.1080", `1`, `2`, "restarted the encoding of 1080"},
		{"track.es", ``, `{"kind":"authored","state":"draft","revision":3,"file":"talk.srt"}`, "saved the subtitles in es (revision 3, talk.srt)"},
		{"track.es", `{"kind":"authored","state":"draft","revision":3,"file":"talk.srt"}`, ``, "removed the subtitles in es"},
		{"translation.es", ``, `{"number":2,"source":1,"state":"approved","why":"approved"}`, "saved the translation into es (revision 2: approved)"},
		{"verdict", ``, `"approved "`, "approved the video"},
		{"verdict", ``, `"wrong There is no sound."`, "reported a problem: There is no sound."},
		{"release", ``, `"wanted "`, "asked for the release"},
		{"release", ``, `"wanted it is under embargo"`, "asked for the release, which is blocked: it is under embargo"},
		{"release", ``, `"done"`, "the talk was released"},
		{"release", `"wanted"`, ``, "cancelled the release"},
		{"claim.es", ``, `"ada"`, "claimed the translation into es"},
		{"claim.es", `"ada"`, ``, "gave up the translation into es"},
		{"link", ``, `{"link":7,"role":"speaker","language":"","name":"Ada"}`, "created a link for Ada"},
		{"arrival", ``, `{"id":"a","name":"talk.mp4","size":1}`, "uploaded the recording talk.mp4"},
		{"arrival", `{"id":"a","state":"new"}`, `{"id":"a","state":"taken"}`, "assigned the recording a"},
		{"published", ``, `{"edition":"e","dir":"d"}`, "the bundle is ready"},
		{"unheard-of", ``, ``, "unheard-of"},
	} {
		e := Event{What: tc.what}
		if tc.old != "" {
			e.Old = json.RawMessage(tc.old)
		}
		if tc.new != "" {
			e.New = json.RawMessage(tc.new)
		}
		if got := EventEnglish.Format(e.Message()); got != tc.want {
			t.Errorf("%s %s → %s: got %q, want %q", tc.what, tc.old, tc.new, got, tc.want)
		}
	}
}

func TestEventEnglish_NamesEveryField(t *testing.T) {
	for prefix, v := range map[string]any{"talk": conference.Talk{}, "scheduling": conference.Scheduling{}} {
		for f := range reflect.TypeOf(v).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(v).Field(f).Tag.Get("json"), ",")
			if EventEnglish[prefix+"."+name] == "" {
				t.Errorf("EventEnglish has no words for %s.%s", prefix, name)
			}
		}
	}
}
