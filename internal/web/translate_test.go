package web

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
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

// TestIssue_EveryKindInSpanish checks that all issues that the recording check knows are in Spanish, with a
// hint.
func TestIssue_EveryKindInSpanish(t *testing.T) {
	w, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []conference.IssueKind{
		conference.IssueNoAudio, conference.IssueSilent, conference.IssueDeadChannel, conference.IssueOppositePhase,
		conference.IssueClipped, conference.IssueHum, conference.IssueNoSpeech, conference.IssueBlack,
		conference.IssueFrozen, conference.IssueVariableFrameRate, conference.IssueGap, conference.IssueClockJump,
		conference.IssueDesync, conference.IssueTooShort, conference.IssueTooLong, conference.IssueSilentEnds,
	} {
		for _, spans := range [][]conference.ReelSpan{nil, {{To: time.Second}}} {
			issue := conference.Issue{Kind: kind, Spans: spans, Message: "English", Hint: "hint"}
			if got := w.issue("es", issue); strings.Contains(got, "English") || !strings.HasSuffix(got, ".") && !strings.HasSuffix(got, "?") {
				t.Errorf("%s: %q", kind, got)
			}
			if got := w.issue("en", issue); got != "English. hint" {
				t.Errorf("%s in English: %q", kind, got)
			}
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
		"3 of 9 cues are approved, and the release asks for 90 %":            "3 de 9 subtítulos están terminados; para publicarla hace falta el 90 %",
		"a.srt:7: left out: it is not in the programme":                      "a.srt:7: subtítulo omitido: no está en el vídeo",
		"uploaded a.po and merged it with newer changes":                     "a.po subido y combinado con los cambios de otras personas",
		"la voz se oye mal": "la voz se oye mal",
	} {
		if got := w.reason("es", english); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
		if got := w.reason("en", english); got != english {
			t.Errorf("English %q became %q", english, got)
		}
	}
}
