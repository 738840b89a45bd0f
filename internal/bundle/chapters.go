package bundle

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// ChaptersPath returns the path in a bundle of the WebVTT file with a talk's chapters in a
// language.
func ChaptersPath(slug, language string) string {
	return "chapters/" + slug + "." + language + ".vtt"
}

// ChaptersVTT returns sections as a WebVTT file for <track kind="chapters">: a cue for each
// section, with the title as text (https://www.w3.org/TR/webvtt1/, 1.2). Without sections it
// returns an error.
func ChaptersVTT(sections []conference.Section) ([]byte, error) {
	cues := make([]conference.Cue, len(sections))
	for i, s := range sections {
		cues[i] = conference.Cue{Start: s.From, End: s.To, Text: s.Title}
	}
	var b bytes.Buffer
	_, err := subtitle.Write(&b, cues, subtitle.WebVTT, subtitle.WriteOptions{})
	return b.Bytes(), err
}

// checkChapters records whether the chapters file of each language has the talk's chapters in
// programme time, and whether one is missing.
func (v *verifier) checkChapters(context.Context) error {
	talk := v.content.Talk
	want := make(map[string][]conference.Section)
	for _, language := range talk.ChapterLanguages() {
		if sections, _ := talk.Localized(language).Sections(v.content.Edition.Programme); len(sections) > 0 {
			want[ChaptersPath(talk.Slug, language)] = sections
		}
	}
	for _, f := range v.filesWithRole(RoleChapters) {
		data, err := os.ReadFile(v.path(f.Path))
		if err != nil {
			return err
		}
		doc, problem := subtitle.Parse(f.Path, data, subtitle.Options{})
		if problem == nil {
			problem = compareSections(doc.Cues, want[f.Path])
		}
		v.record(f.Path, "chapters", fmt.Sprintf("%d chapters, each at its time", len(doc.Cues)), problem)
		delete(want, f.Path)
	}
	for path := range want {
		v.record(path, "chapters", "", inputerr.Coded("check.chapters_missing", "is missing, and the talk has chapters"))
	}
	return nil
}

func compareSections(cues []conference.Cue, want []conference.Section) error {
	if len(cues) != len(want) {
		return inputerr.Coded("check.chapter_count", "has {found} chapters and should have {expected}", "found", len(cues), "expected", len(want))
	}
	for i, c := range cues {
		if !withinMillisecond(c.Start, want[i].From) || !withinMillisecond(c.End, want[i].To) || c.Text != want[i].Title {
			return inputerr.Coded("check.chapter_cue", "chapter {chapter} is “{found}” from {foundstart} to {foundend} and should be “{expected}” from {expectedstart} to {expectedend}", "chapter", i+1, "found", c.Text, "foundstart", c.Start, "foundend", c.End, "expected", want[i].Title, "expectedstart", want[i].From, "expectedend", want[i].To)
		}
	}
	return nil
}
