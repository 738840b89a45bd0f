package submission

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

func TestParseSubtitleFile(t *testing.T) {
	data := []byte("1\r\n00:00:01,000 -> 00:00:02,000\r\n<i>Caf\xe9</i>, ma\xf1ana y despu\xe9s.\r\n")
	u, err := ParseSubtitleFile("in/es.txt", "es", "", data)
	if err != nil {
		t.Fatal(err)
	}
	track := u.Track
	if len(track.Cues) != 1 || track.Cues[0].Text != "Café, mañana y después." || len(track.Cues[0].Spans) != 1 {
		t.Errorf("cues: %+v", track.Cues)
	}
	if track.File != "es.txt" || track.Language != "es" || track.State != "approved" {
		t.Errorf("track: %+v", track)
	}
	s := track.Source
	if s.Format != "srt" || s.Encoding != "windows-1252" || s.Size != int64(len(data)) || len(s.SHA256) != 64 {
		t.Errorf("source: %+v", s)
	}
	if !slices.ContainsFunc(u.Notes, func(n string) bool { return strings.HasPrefix(n, "in/es.txt:2: ") && strings.Contains(n, "->") }) {
		t.Errorf("notes: %q", u.Notes)
	}
	other, err := ParseSubtitleFile("in/es.txt", "es", "cp1250", data)
	if err != nil || other.Track.Source.Encoding != "windows-1250" || other.Track.Cues[0].Text != "Café, mańana y después." {
		t.Errorf("as windows-1250: %+v, %v", other.Track, err)
	}
	if string(u.Data) != string(data) {
		t.Errorf("data: %q", u.Data)
	}
	if _, err := ParseSubtitleFile("notes.srt", "en", "", []byte("My notes.\n")); inputerr.As(err) == nil {
		t.Errorf("prose: %v", err)
	}
}

func TestSummarizeDiagnostics(t *testing.T) {
	all := []subtitle.Diagnostic{}
	for line := range 3 * maxListedDiagnostics {
		all = append(all, subtitle.Diagnostic{Line: line + 1, Severity: subtitle.Note, Code: "small", Message: "is small"})
	}
	all = append(all,
		subtitle.Diagnostic{Line: 401, Severity: subtitle.Warning, Code: "large", Message: "is large"},
		subtitle.Diagnostic{Line: 402, Severity: subtitle.Error, Code: "lost", Message: "is lost"})
	r := summarizeDiagnostics(all)
	if r.Errors != 1 || r.Warnings != 1 || r.Notes != 300 || !reflect.DeepEqual(r.Codes, map[string]int{"small": 300, "large": 1, "lost": 1}) {
		t.Errorf("counted %+v", r)
	}
	if n := len(r.List); n != maxListedDiagnostics || r.List[0].Line != 1 || !reflect.DeepEqual(r.List[n-1], conference.Diagnostic{Line: 402, Severity: "error", Code: "lost", Message: "is lost"}) {
		t.Errorf("listed %d: %+v", n, r.List)
	}
	notes := diagnosticNotes("a.srt", all)
	want := []string{"a.srt:402: is lost", "a.srt:401: is large"}
	for line := range maxDiagnosticNotes - 2 {
		want = append(want, fmt.Sprintf("a.srt:%d: is small", line+1))
	}
	if want = append(want, "a.srt: and 292 more: lectern subtitles read a.srt"); !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
	if notes := diagnosticNotes("a.srt", nil); notes != nil {
		t.Errorf("notes without diagnostics: %q", notes)
	}
}
