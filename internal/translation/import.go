package translation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// ImportSubtitles saves a translated subtitle file as a new translation or as a revision of an
// existing one. Cues that did not change keep their id and state; all others become drafts by
// who. If nothing changed, no revision is saved.
//
// base is the revision that the file was made from, 0 if unknown. The error is a
// [catalog.Conflict] if base is not the latest revision, or if base is 0 and the file changes
// another person's cues.
func (s Service) ImportSubtitles(ctx context.Context, slug, language string, cues []conference.Cue, base int, who, why string) (Revision, error) {
	r, err := s.LoadOrNew(ctx, slug, language)
	if err != nil {
		return r, err
	}
	source, err := s.Source(ctx, slug)
	if err != nil {
		return r, err
	}
	last, lastSource := r.Cues, r.Source.Revision
	if base != 0 && base != r.Number {
		return r, s.conflictError(ctx, r, base)
	}
	r.Source = source
	used, err := s.usedIDs(ctx, slug, language)
	if err != nil {
		return r, err
	}
	r.Cues = LinkCuesBetween(source.Language, language, source.Cues, compare.CarryIDs(PlainCues(last), cues, compare.NewIDs(used)))
	if !slices.ContainsFunc(r.Cues, func(c Cue) bool { return len(c.SourceIDs) > 0 }) {
		return r, inputerr.Coded("translation.no_overlap", "no cue in the file overlaps in time with the source subtitles").In(slug + "/" + language).
			Hint("Check that the file is for this talk. If its timing is off, run lectern subtitles sync")
	}
	if base == 0 && overwritesOthers(r.Cues, last, who) {
		return r, s.conflictError(ctx, r, 0)
	}
	carryStates(r.Cues, last, who)
	if r.Number > 0 && lastSource == source.Revision && sameEncoding(r.Cues, last) {
		return r, nil
	}
	return s.save(ctx, r, who, why)
}

// ReturnedFile is a translation that was worked on outside Lectern, in a format that
// package exchange reads.
type ReturnedFile interface {
	// Origin returns the file's name and the revisions of the source and of the translation
	// that it was exported from, each 0 if the file does not say.
	Origin() (name string, source, base int)
	// Merge returns the translation that the file holds; see exchange.File.Merge.
	Merge(source []conference.Cue, current []Cue) ([]Cue, MergeResult, error)
}

// ImportFile saves a file that came back from a translation editor, and returns the new revision
// and what the file changed. Changed cues become drafts by who even if the file calls them
// approved: only a reviewer can approve them, in Lectern. base is as in [Service.ImportSubtitles];
// if it is 0, the revision named in the file counts. If nothing changed, no revision is saved.
func (s Service) ImportFile(ctx context.Context, slug, language string, f ReturnedFile, base int, who string) (Revision, MergeResult, error) {
	r, err := s.LoadOrNew(ctx, slug, language)
	if err != nil {
		return r, MergeResult{}, err
	}
	name, sourceRevision, fileBase := f.Origin()
	exported := base != 0 || sourceRevision > 0 // files from a talk name their revisions
	base = cmp.Or(base, fileBase)
	if exported && base != r.Number {
		return r, MergeResult{}, s.conflictError(ctx, r, base)
	}
	last := r.Cues
	cues, result, err := f.Merge(r.Source.Cues, last)
	if err != nil {
		return r, result, err
	}
	r.Cues = cues
	result.Changed = r.setAuthors(last, who)
	if r.Number > 0 && sameEncoding(r.Cues, last) {
		return r, result, nil
	}
	r, err = s.save(ctx, r, who, WhyEnglish.Format(message.New("why.imported", "file", name)))
	return r, result, err
}

// setAuthors compares the cues with last, those of the revision before. A cue that is new or
// differs gets who as its author, and is at most a draft; others keep their author and are not
// approved by a file. It returns how many cues changed, were added or were removed.
func (r *Revision) setAuthors(last []Cue, who string) (changed int) {
	before := make(map[string]Cue, len(last))
	for _, c := range last {
		before[c.ID] = c
	}
	for n := range r.Cues {
		c := &r.Cues[n]
		was, ok := before[c.ID]
		delete(before, c.ID)
		if ok && was.Text == c.Text && slices.Equal(was.Spans, c.Spans) {
			c.Author = was.Author
			switch {
			case c.State == NeedsEditing && c.PreviousSource == "": // the editor dropped the previous source
				c.SourceHash, c.PreviousSource, c.PreviousState = was.SourceHash, was.PreviousSource, was.PreviousState
			case c.State != was.State && c.State.atLeast(InReview):
				c.State = was.State
			}
			if c.State != was.State {
				changed++
			}
			continue
		}
		changed++
		c.Author = who
		if c.State.atLeast(InReview) {
			c.State = Draft
		}
	}
	return changed + len(before) // the rest of before was removed
}

// overwritesOthers reports whether cues change or leave out a cue in last by an author other
// than who.
func overwritesOthers(cues, last []Cue, who string) bool {
	now := make(map[string]string, len(cues))
	for _, c := range cues {
		now[c.ID] = c.Text
	}
	return slices.ContainsFunc(last, func(c Cue) bool {
		return c.Author != "" && !strings.EqualFold(c.Author, who) && c.State != Obsolete && now[c.ID] != c.Text
	})
}

// sameEncoding reports whether a and b are equal as they are stored.
func sameEncoding(a, b []Cue) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// usedIDs returns the ids of all cues in all revisions of a translation, so that none is used for
// another cue.
func (s Service) usedIDs(ctx context.Context, slug, language string) (ids []string, err error) {
	history, err := s.Catalog.TranslationHistory(ctx, slug, language)
	if err != nil {
		return nil, err
	}
	for _, t := range history {
		var cues []struct{ ID string }
		if err := json.Unmarshal(t.Cues, &cues); err != nil {
			return nil, err
		}
		for _, c := range cues {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

// carryStates copies state, author and source hash from last to each cue whose text, styles and
// source are the same. Other cues get who as their author. Notes are always copied.
func carryStates(cues, last []Cue, who string) {
	before := make(map[string]Cue, len(last))
	for _, c := range last {
		before[c.ID] = c
	}
	for n := range cues {
		c := &cues[n]
		was, ok := before[c.ID]
		c.Notes = was.Notes
		same := ok && was.Text == c.Text && slices.Equal(was.Spans, c.Spans) && slices.Equal(was.SourceIDs, c.SourceIDs)
		if same && was.State != Obsolete && c.State != Untranslated {
			c.SourceHash, c.PreviousSource, c.State, c.PreviousState, c.Author = was.SourceHash, was.PreviousSource, was.State, was.PreviousState, was.Author
			continue
		}
		if ok && was.State == Obsolete && was.Text == c.Text && len(c.SourceIDs) == 0 { // its source is still gone
			was.Cue = c.Cue
			*c = was
			continue
		}
		c.Author = who
	}
}

// MergeResult tells what a returned file changed in a translation.
type MergeResult struct {
	UpdateReport           // of the merged translation
	Changed      int       `json:"changed"` // units whose translation differs from the exported one
	Emptied      int       `json:"emptied"` // units whose translation was deleted
	OtherSource  bool      `json:"other"`   // the file was exported from another version of the source
	Lost         []CueLine `json:"lost"`    // translations in the file that fit no source cue
	OrphanNotes  []CueLine `json:"remarks"` // notes on untranslated units, which no cue can keep
}
