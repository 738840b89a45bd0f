package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/sortedkeys"
)

// Submission is what people submitted for one talk, and how it is to be processed.
type Submission struct {
	Facts        conference.Facts `json:"facts"`
	Out          string           `json:"out"`           // absolute directory in which the bundle's directory is
	Pipeline     string           `json:"pipeline"`      // its name, or the absolute path of its file
	PipelineText string           `json:"pipeline_text"` // its definition
}

// Save saves s as the present submission of its talk and returns it as saved: with the revisions of
// its tracks, and with the salts of the talk. A salt never falls: the higher of the old and the new
// one is kept.
//
// A track whose cues look like the last revision in its language is that revision, ids included;
// otherwise it becomes a new one. If s has no track in a language that the talk had, the track is
// removed, but its revisions are kept. Each thing that changed gets an event by who; saving the
// same again writes nothing. No build is requested.
func (c *Catalog) Save(ctx context.Context, who string, s Submission) (Submission, error) {
	slug := s.Facts.Talk.Slug
	if slug == "" {
		return Submission{}, errors.New("save a talk: it has no slug")
	}
	s, err := normalize(s)
	if err != nil {
		return Submission{}, fmt.Errorf("save %s: %w", slug, err)
	}
	err = c.withChange(ctx, "save", slug, who, func(tx *change) error {
		old, err := loadSubmission(ctx, tx, slug)
		fresh := errors.Is(err, ErrNotFound)
		if fresh {
			err = tx.exec(ctx, `INSERT INTO talks VALUES (?1, '', '', '', '', '', '', ?2, ?2, '', '')`, slug, tx.now.UnixMilli())
		}
		if err != nil {
			return err
		}
		if s.Facts.Tracks, err = tx.numberTracks(ctx, s.Facts.Tracks); err != nil {
			return err
		}
		s.Facts.Salts = mergeSalts(old.Facts.Salts, s.Facts.Salts)
		return tx.save(ctx, old, s, fresh)
	})
	if err != nil {
		return Submission{}, err
	}
	return s, nil
}

// Edit calls do with the present submission of a talk, and saves what do made of it, as Save does,
// in the same transaction. If anything changed, and there is a recording, it also requests a build.
// It returns the submission as saved, do's error, or ErrNotFound if there is no such talk.
func (c *Catalog) Edit(ctx context.Context, who, slug string, do func(*Submission) error) (Submission, error) {
	var s Submission
	err := c.withChange(ctx, "change", slug, who, func(tx *change) error {
		old, err := loadSubmission(ctx, tx, slug)
		if err != nil {
			return err
		}
		if s, err = loadSubmission(ctx, tx, slug); err != nil { // shares nothing with old
			return err
		}
		if err = do(&s); err != nil {
			return err
		}
		if s, err = normalize(s); err != nil {
			return err
		}
		if s.Facts.Tracks, err = tx.numberTracks(ctx, s.Facts.Tracks); err != nil {
			return err
		}
		s.Facts.Salts = mergeSalts(old.Facts.Salts, s.Facts.Salts)
		events := tx.events
		if err := tx.save(ctx, old, s, false); err != nil || tx.events == events || len(s.Facts.Recordings) == 0 {
			return err
		}
		return tx.requestBuild(ctx, "changed")
	})
	if err != nil {
		return Submission{}, err
	}
	return s, nil
}

// SavePipelineText saves the definition of a talk's pipeline, if it differs. It requests no build:
// the caller is building.
func (c *Catalog) SavePipelineText(ctx context.Context, slug, text string) error {
	return c.withChange(ctx, "save the pipeline of", slug, systemUser, func(tx *change) error {
		var old string
		if err := tx.QueryRowContext(ctx, `SELECT pipeline_text FROM talks WHERE slug = ?`, slug).Scan(&old); err != nil || old == text {
			return err
		}
		return errors.Join(tx.event(ctx, "pipeline_text", old, text),
			tx.exec(ctx, `UPDATE talks SET pipeline_text = ? WHERE slug = ?`, text, slug))
	})
}

// save writes a talk, with an event for each part that differs between old and s. If no part
// differs, it writes nothing, unless the talk is new (fresh).
func (c *change) save(ctx context.Context, old, s Submission, fresh bool) error {
	before, err := submissionParts(old)
	if err != nil {
		return err
	}
	after, err := submissionParts(s)
	if err != nil {
		return err
	}
	changed := fresh
	for _, what := range sortedkeys.Union(before, after) {
		if reflect.DeepEqual(before[what], after[what]) {
			continue
		}
		changed = true
		if err := c.event(ctx, what, before[what], after[what]); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return errors.Join(c.writeTalk(ctx, s), c.writeRecordings(ctx, s), c.writeSalts(ctx, s), c.writeTracks(ctx, s))
}

// submissionParts returns the parts of a submission that change independently, by the names that
// their events have. Empty parts are left out.
func submissionParts(s Submission) (map[string]any, error) {
	f := s.Facts
	all := map[string]any{}
	if f.Talk.Slug != "" {
		b, err := json.Marshal(f.Talk)
		if err != nil {
			return nil, err
		}
		var talk map[string]any
		if err := json.Unmarshal(b, &talk); err != nil {
			return nil, err
		}
		for field, v := range talk {
			all["talk."+field] = v
		}
	}
	all["conference"], all["treatment"] = f.Conference, f.Processing
	all["recordings"], all["cut"], all["channels"] = f.Recordings, f.Cut, f.Channels
	all["out"], all["pipeline"], all["pipeline_text"] = s.Out, s.Pipeline, s.PipelineText
	for rendition, salt := range f.Salts {
		all["salt."+rendition] = salt
	}
	for _, t := range f.Tracks {
		all["track."+t.Language] = newTrackEvent(t)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil || reflect.ValueOf(v).IsZero() })
	return all, nil
}

// trackEvent is a track as events show it: without cues, which are in the revision, and with
// the counts of diagnostics only.
type trackEvent struct {
	Kind     conference.TrackKind   `json:"kind"`
	State    string                 `json:"state"`
	Revision int                    `json:"revision"`
	File     string                 `json:"file"`
	Source   *conference.SourceFile `json:"source,omitempty"`
}

func newTrackEvent(t conference.Track) trackEvent {
	e := trackEvent{Kind: t.Kind, State: t.State, Revision: t.Revision, File: t.File}
	if t.Source != nil {
		source := *t.Source
		source.Diagnostics.List = nil
		e.Source = &source
	}
	return e
}

func (c *change) writeTalk(ctx context.Context, s Submission) error {
	talk, err := jsonText(s.Facts.Talk)
	if err != nil {
		return err
	}
	conference, err := jsonText(s.Facts.Conference)
	if err != nil {
		return err
	}
	treatment, err := jsonText(s.Facts.Processing)
	if err != nil {
		return err
	}
	cut, err := jsonText(s.Facts.Cut)
	if err != nil {
		return err
	}
	return c.exec(ctx, `UPDATE talks SET talk = ?, conference = ?, treatment = ?, cut = ?, channels = ?, out = ?, pipeline = ?, pipeline_text = ?, updated_ms = ?
		WHERE slug = ?`, talk, conference, treatment, cut, s.Facts.Channels, s.Out, s.Pipeline, s.PipelineText, c.now.UnixMilli(), c.slug)
}

func (c *change) writeRecordings(ctx context.Context, s Submission) error {
	if err := c.exec(ctx, `DELETE FROM recordings WHERE slug = ?`, c.slug); err != nil {
		return err
	}
	for i, r := range s.Facts.Recordings {
		if err := c.exec(ctx, `INSERT INTO recordings (slug, position, sha256, size, name) VALUES (?, ?, ?, ?, ?)`,
			c.slug, i+1, r.SHA256, r.Size, r.Name); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) writeSalts(ctx context.Context, s Submission) error {
	for rendition, salt := range s.Facts.Salts {
		if err := c.exec(ctx, `INSERT INTO salts (slug, rendition, salt) VALUES (?1, ?2, ?3)
			ON CONFLICT DO UPDATE SET salt = ?3`, c.slug, rendition, salt); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) writeTracks(ctx context.Context, s Submission) error {
	if err := c.exec(ctx, `DELETE FROM tracks WHERE slug = ?`, c.slug); err != nil {
		return err
	}
	for _, t := range s.Facts.Tracks {
		var source any
		if t.Source != nil {
			text, err := jsonText(t.Source)
			if err != nil {
				return err
			}
			source = text
		}
		if err := c.exec(ctx, `INSERT INTO tracks (slug, language, kind, state, file, revision, source) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			c.slug, t.Language, t.Kind, t.State, t.File, t.Revision, source); err != nil {
			return err
		}
	}
	return nil
}

// normalize returns s such that equal submissions are equal values: empty lists are nil, tracks are
// sorted by language, and cues have no line numbers. It returns an error if two tracks have the
// same language.
func normalize(s Submission) (Submission, error) {
	f := &s.Facts
	f.Talk.Speakers, f.Talk.Tags = cloneNonEmpty(f.Talk.Speakers), cloneNonEmpty(f.Talk.Tags)
	f.Recordings, f.Cut, f.Tracks = cloneNonEmpty(f.Recordings), cloneNonEmpty(f.Cut), cloneNonEmpty(f.Tracks)
	slices.SortFunc(f.Tracks, func(a, b conference.Track) int { return strings.Compare(a.Language, b.Language) })
	for i := range f.Tracks {
		t := &f.Tracks[i]
		if i > 0 && t.Language == f.Tracks[i-1].Language {
			return s, fmt.Errorf("it has two tracks in %q", t.Language)
		}
		t.Cues = cloneNonEmpty(t.Cues)
		for n := range t.Cues {
			t.Cues[n].Line = 0 // lines belong to the file, not to the track
		}
	}
	return s, nil
}

// cloneNonEmpty returns a copy of list, or nil if it is empty.
func cloneNonEmpty[T any](list []T) []T { return append([]T(nil), list...) }

// mergeSalts returns the salts of a and b by rendition. If both have one, it is the higher.
func mergeSalts(a, b map[string]int) map[string]int {
	var salts map[string]int
	for _, m := range []map[string]int{a, b} {
		for rendition, salt := range m {
			if salts == nil {
				salts = map[string]int{}
			}
			salts[rendition] = max(salt, salts[rendition])
		}
	}
	return salts
}
