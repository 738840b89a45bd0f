package web

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// TestTranslations_EveryMessageInSpanish checks that Spanish has every sentence that other packages
// make, with values of the same names.
func TestTranslations_EveryMessageInSpanish(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	names := func(text string) []string {
		found := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	known := make(map[string]bool)
	for area, english := range catalogs {
		for code, text := range english {
			key := area + "." + code
			known[key] = true
			spanish, ok := w["es"][key]
			switch missing := names(text); {
			case !ok:
				t.Errorf("locales/es has no %s: %s", key, text)
			case area == "reason": // not every value is of use in another language
				for _, name := range names(spanish.Other) {
					if !slices.Contains(missing, name) {
						t.Errorf("%s uses %s, which is not in %q", key, name, text)
					}
				}
			case !slices.Equal(missing, names(spanish.Other)):
				t.Errorf("%s fills in %q in English and %q in Spanish", key, missing, names(spanish.Other))
			}
		}
	}
	for key := range w["es"] {
		area, _, _ := strings.Cut(key, ".")
		if catalogs[area] != nil && !known[key] {
			t.Errorf("%s is translated, and no message has this code", key)
		}
	}
}

// TestIssue_InSpanish formats every issue that the recording check knows, and asks for its Spanish
// sentences with the same values.
func TestIssue_InSpanish(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	for code := range conference.IssueEnglish {
		kind, variant, _ := strings.Cut(code, ".")
		if kind == "part" || strings.HasSuffix(code, "hint") {
			continue
		}
		pairs := []string{
			"where", "from 00:00:01 to 00:00:02, at 00:00:03, and 4 more times", "jumps", "back by 2.0 s at 00:00:07", "begins", "1.5 s before the picture", "ends", "with the picture",
			"n", "31", "hz", "32", "level", "33", "cutoff", "34", "about", "35", "rate", "36", "kept", "37", "slot", "38", "start", "39", "end", "40", "cut", "41-42",
		}
		issue := conference.NewIssue(conference.IssueKind(kind), variant, nil, pairs...)
		want := w.templates("es", "issue")
		for i := 0; i < len(pairs); i += 2 {
			pairs[i+1] = strings.NewReplacer("from 00:00:01 to 00:00:02, at 00:00:03, and 4 more times", "de 00:00:01 a 00:00:02, en 00:00:03, y 4 veces más",
				"back by 2.0 s at 00:00:07", "2,0 s hacia atrás en 00:00:07", "1.5 s before the picture", "1,5 s antes que la imagen", "with the picture", "a la vez").Replace(pairs[i+1])
		}
		sentence := want.Format(message.New(code, pairs...)) + " " + want.Format(message.New(code+".hint", pairs...))
		if got := w.issue("es", issue); got != sentence {
			t.Errorf("%s: got %q, want %q", code, got, sentence)
		}
		if got := w.issue("en", issue); got != issue.Message+". "+issue.Hint {
			t.Errorf("%s in English: %q", code, got)
		}
	}
}

func TestDiagnostics_StoredWithoutKey(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	detail := message.New("title", "text", "Talk")
	english := subtitle.English.Format(detail)
	said := w.diagnostics("es")
	if got, want := said(english, message.Message{}), said(english, detail); got != want || got.Lang != "" {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := said("Something else", message.Message{}); got != (problemText{"Something else", "en"}) {
		t.Errorf("an unknown sentence became %+v", got)
	}
}

func TestEventValue_InSpanish(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ what, value, want string }{
		{"channels", `"left"`, "Izquierdo"},
		{"pipeline", `"tutorial"`, "taller"},
		{"pipeline", `"ours"`, "ours"},
		{"talk.kind", `"talk"`, "charla"},
		{"talk.language", `"de"`, "alemán"},
		{"talk.title", `"left"`, "left"},
		{"scheduling.do_not_record", `true`, "sí"},
		{"scheduling.start", `"2026-07-14T10:00:00+02:00"`, "14/07/2026 10:00"},
		{"scheduling.priority", `3`, "3"},
	} {
		if got := w.eventValue("es", tc.what, json.RawMessage(tc.value)); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.what, tc.value, got, tc.want)
		}
	}
}

func TestFailure_InSpanish(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	wrong := inputerr.Coded("cut.too_short", "is shorter than a frame").In("--cut 0-1")
	failed := []service.StageProgress{{Name: "probe", State: "done"}, {Name: "encode", State: "failed"}}
	for name, tc := range map[string]struct {
		row  service.TalkSummary
		want string
	}{
		"input":   {service.TalkSummary{Overview: catalog.Overview{BuildInputError: wrong}, Reason: "English", Stages: failed}, "recorte 0-1: dura menos que un fotograma"},
		"no code": {service.TalkSummary{Overview: catalog.Overview{BuildInputError: inputerr.New("", "English")}, Reason: "English"}, "No se ha podido terminar el procesamiento."},
		"stage":   {service.TalkSummary{Reason: "English", Stages: failed}, "Ha fallado la etapa: codificación."},
	} {
		if got := w.failure("es", tc.row); got.Text != tc.want || got.Lang != "" {
			t.Errorf("%s: got %+v, want %q", name, got, tc.want)
		}
		if got := w.failure("en", tc.row); got.Text != "English" {
			t.Errorf("%s in English: %+v", name, got)
		}
	}
}

// TestReason_EveryTemplateIsRecognized formats every stored reason and asks for the same message
// again, so that no template hides another.
func TestReason_EveryTemplateIsRecognized(t *testing.T) {
	w := messages{"es": {}}
	for code := range storedReasons {
		w["es"]["reason."+code] = pageText{Other: code}
	}
	for code, template := range storedReasons {
		text := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(template, "7")
		if got := w.reason("es", text); got != code {
			t.Errorf("%q is recognized as %s, and was formatted from %s", text, got, code)
		}
	}
}

func TestReason_StoredInEnglish(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	embargo := conference.Scheduling{Embargo: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	for english, want := range map[string]string{
		conference.Scheduling{DoNotRecord: true}.PublishBlocker(time.Time{}): "El programa indica que no se debe grabar.",
		embargo.PublishBlocker(time.Time{}):                                  "Está bajo embargo hasta el 2026-05-01 12:00 UTC.",
		"3 of 9 cues are approved, and the release asks for 90 %":            "3 de 9 subtítulos están aprobados; para publicarla hace falta el 90 %",
		"a.srt:7: left out: it is not in the programme":                      "a.srt:7: subtítulo omitido: no está en el vídeo",
		"uploaded a.po and merged it with newer changes":                     "a.po subido y combinado con los cambios de otras personas",
		"“Lunch” was skipped: it is a break":                                 "se ha omitido «Lunch» porque es una pausa",
		"la voz se oye mal":                                                  "la voz se oye mal",
	} {
		if got := w.reason("es", english); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
		if got := w.reason("en", english); got != english {
			t.Errorf("English %q became %q", english, got)
		}
	}
}
