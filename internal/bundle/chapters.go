package bundle

import (
	"bytes"
	"fmt"
	"os"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// ChaptersPath is where a bundle has the chapters of a talk in a language.
func ChaptersPath(slug, language string) string {
	return "chapters/" + slug + "." + language + ".vtt"
}

// ChaptersVTT is sections as a WebVTT of chapters (https://www.w3.org/TR/webvtt1/, 1.2):
// one cue each, whose text is the title, for <track kind="chapters">.
func ChaptersVTT(sections []conference.Section) ([]byte, error) {
	cues := make([]conference.Cue, len(sections))
	for i, s := range sections {
		cues[i] = conference.Cue{Start: s.From, End: s.To, Text: s.Title}
	}
	var b bytes.Buffer
	_, err := subtitle.Write(&b, cues, subtitle.WebVTT, subtitle.WriteOptions{})
	return b.Bytes(), err
}

// checkChapters compares the WebVTT of each language with what the talk's chapters and the cut
// make of it.
func (v *verifier) checkChapters() error {
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
		v.record(f.Path, "chapters", fmt.Sprintf("%d, one after the other", len(doc.Cues)), problem)
		delete(want, f.Path)
	}
	for path := range want {
		v.record(path, "chapters", "", fmt.Errorf("the talk has chapters, and the bundle does not have them here"))
	}
	return nil
}

func compareSections(cues []conference.Cue, want []conference.Section) error {
	if len(cues) != len(want) {
		return fmt.Errorf("it has %d chapters and should have %d", len(cues), len(want))
	}
	for i, c := range cues {
		if !withinMillisecond(c.Start, want[i].From) || !withinMillisecond(c.End, want[i].To) || c.Text != want[i].Title {
			return fmt.Errorf("chapter %d is %q from %v to %v, and should be %q from %v to %v",
				i+1, c.Text, c.Start, c.End, want[i].Title, want[i].From, want[i].To)
		}
	}
	return nil
}
