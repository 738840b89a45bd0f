package service

import (
	"context"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/translation"
)

// TranslationTask is a text that a translator has to translate, to look at again, or to change
// because a reviewer sent it back.
type TranslationTask struct {
	ID          string             `json:"id" doc:"The id of the first source cue."`
	State       translation.State  `json:"state"`
	Source      string             `json:"source"`
	Was         string             `json:"old_source,omitempty" doc:"The source text at the time of the translation."`
	Translation string             `json:"translation,omitempty"`
	Notes       []translation.Note `json:"notes,omitempty"`
	StartMS     int64              `json:"start_ms"`
	EndMS       int64              `json:"end_ms"`

	Suggestions []translation.Suggestion `json:"suggestions,omitempty" doc:"Earlier translations of similar texts, the most similar first."`
}

// Tasks returns the texts in the last revision of a translation that are left to translate or to
// change, in order of time. With suggest, it adds earlier translations of similar texts, which
// takes longer. It requires access.Translate.
func (svc *Translations) Tasks(ctx context.Context, p access.Person, slug, language string, suggest bool) ([]TranslationTask, error) {
	t, err := svc.Get(ctx, p, slug, language, 0)
	if err != nil {
		return nil, err
	}
	units := translation.Units(t.Source.Cues, t.Cues)
	var suggestions map[int][]translation.Suggestion
	if suggest {
		if suggestions, err = svc.Suggest(ctx, p, slug, language, units); err != nil {
			return nil, err
		}
	}
	tasks := []TranslationTask{}
	for i, u := range units {
		notes := openNotes(u)
		state := u.State()
		if len(u.Source) > 0 && (state == translation.Untranslated || state == translation.NeedsEditing) || len(notes) > 0 {
			task := newTranslationTask(u)
			task.Notes, task.Suggestions = notes, suggestions[i]
			tasks = append(tasks, task)
		}
	}
	return tasks, nil
}

func newTranslationTask(u translation.Unit) TranslationTask {
	task := TranslationTask{State: u.State(), Was: u.PreviousSource(), Source: translation.JoinText(u.Source)}
	if len(u.Source) > 0 {
		task.ID = u.Source[0].ID
		task.StartMS = u.Source[0].Start.Milliseconds()
		task.EndMS = u.Source[len(u.Source)-1].End.Milliseconds()
	}
	task.Translation = translation.JoinText(translation.PlainCues(u.Target))
	return task
}

// openNotes returns the reviewers' notes on those translated cues of a unit that are drafts or need
// editing.
func openNotes(u translation.Unit) (notes []translation.Note) {
	for _, c := range u.Target {
		if c.State == translation.Draft || c.State == translation.NeedsEditing {
			notes = append(notes, c.Notes...)
		}
	}
	return notes
}
