package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/maputil"
)

// Submission is what people submitted for one talk, and how it is to be processed.
type Submission struct {
	Facts        conference.Facts `json:"facts"`
	Out          string           `json:"out"`           // absolute directory in which the bundle's directory is
	Pipeline     string           `json:"pipeline"`      // its name, or the absolute path of its file
	PipelineText string           `json:"pipeline_text"` // its definition
}

// Save saves s as the present submission of its talk and returns it as saved: with the
// revisions of its tracks, the salts of the talk (a salt never falls, and stays if it is not
// named), and empty lists as nil.
//
// A track whose cues have the times and texts of the last revision in its language is that
// revision, ids included; else it becomes a new one. A language that s does not name is removed
// from the submission and keeps its revisions. Each thing that changed gets an event by who;
// saving the same again writes nothing.
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

// Edit changes the present submission of a talk in one transaction: do modifies it. Like Save
// it returns what was saved. If anything changed, and there is a recording, a build is
// requested in the same transaction. A missing talk is ErrNotFound.
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

// SavePipelineText saves the present definition of a talk's pipeline. It requests no build: the
// caller is building.
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

// save writes the differences between old and s, with an event for each.
func (c *change) save(ctx context.Context, old, s Submission, fresh bool) error {
	before, err := aspects(old)
	if err != nil {
		return err
	}
	after, err := aspects(s)
	if err != nil {
		return err
	}
	changed := fresh
	for _, what := range maputil.UnionKeys(before, after) {
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

// aspects returns the parts of a submission that change independently, under their events'
// names. Empty ones are left out.
func aspects(s Submission) (map[string]any, error) {
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
	all["conference"], all["treatment"] = f.Conference, f.Treatment
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
	e := trackEvent{t.Kind, t.State, t.Revision, t.File, nil}
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
	treatment, err := jsonText(s.Facts.Treatment)
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

// numberTracks gives each track the last revision in its language, or a new one.
func (c *change) numberTracks(ctx context.Context, tracks []conference.Track) ([]conference.Track, error) {
	numbered := slices.Clone(tracks)
	for i := range numbered {
		t := &numbered[i]
		want := digest(t.Cues)
		var last int
		var has string
		var cues []conference.Cue
		err := c.QueryRowContext(ctx, `SELECT number, digest, cues FROM revisions
			WHERE slug = ? AND language = ? ORDER BY number DESC LIMIT 1`, c.slug, t.Language).
			Scan(&last, &has, asJSON{&cues})
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return nil, err
		case err == nil && has == want:
			t.Revision, t.Cues = last, cues
			continue
		}
		t.Revision = last + 1
		text, err := jsonText(t.Cues)
		if err != nil {
			return nil, err
		}
		if err := c.exec(ctx, `INSERT INTO revisions (slug, language, number, digest, cues, created_ms) VALUES (?, ?, ?, ?, ?, ?)`,
			c.slug, t.Language, t.Revision, want, text, c.now.UnixMilli()); err != nil {
			return nil, err
		}
	}
	return numbered, nil
}

// LastCues returns the cues of the last revision of a talk's track, and the ids that all its
// revisions used. Both are empty for a track that never existed.
func (c *Catalog) LastCues(ctx context.Context, slug, language string) (last []conference.Cue, used []string, err error) {
	err = inTx(ctx, c.read, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT cues FROM revisions
			WHERE slug = ? AND language = ? ORDER BY number DESC LIMIT 1`, slug, language).Scan(asJSON{&last})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			used = append(used, id)
			return err
		}, `SELECT DISTINCT cue.value ->> 'id' FROM revisions, json_each(cues) AS cue
			WHERE slug = ? AND language = ? ORDER BY 1`, slug, language)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("cues of talk %s in %s: %w", slug, language, err)
	}
	return last, used, nil
}

// Revisions returns every revision of every track that a talk ever had, with its language,
// number and cues.
func (c *Catalog) Revisions(ctx context.Context, slug string) ([]conference.Track, error) {
	var all []conference.Track
	err := eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var t conference.Track
		err := rows.Scan(&t.Language, &t.Revision, asJSON{&t.Cues})
		all = append(all, t)
		return err
	}, `SELECT language, number, cues FROM revisions WHERE slug = ? ORDER BY language, number`, slug)
	if err != nil {
		return nil, fmt.Errorf("revisions of the tracks of %s: %w", slug, err)
	}
	return all, nil
}

// Revision returns the cues of one revision of a talk's track, or ErrNotFound.
func (c *Catalog) Revision(ctx context.Context, slug, language string, number int) (cues []conference.Cue, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT cues FROM revisions WHERE slug = ? AND language = ? AND number = ?`, slug, language, number).
		Scan(asJSON{&cues})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("revision %d of %s in %s: %w", number, slug, language, err)
	}
	return cues, nil
}

// digest returns the hash of what a viewer sees of cues: their times, texts and styles.
func digest(cues []conference.Cue) string {
	seen := make([]conference.Cue, len(cues))
	for i, cue := range cues {
		seen[i] = conference.Cue{Start: cue.Start, End: cue.End, Text: cue.Text, Spans: cue.Spans, Position: cue.Position}
	}
	b, _ := json.Marshal(seen) // numbers and strings cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// normalize returns s in the one form that equal submissions have.
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

// cloneNonEmpty returns a copy of list, nil if it is empty.
func cloneNonEmpty[T any](list []T) []T { return append([]T(nil), list...) }

// mergeSalts returns the salts of both, the higher where they differ.
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

// Talk returns the present submission of a talk, or ErrNotFound.
func (c *Catalog) Talk(ctx context.Context, slug string) (Submission, error) {
	var s Submission
	err := inTx(ctx, c.read, func(tx *sql.Tx) (err error) {
		s, err = loadSubmission(ctx, tx, slug)
		return err
	})
	if err != nil {
		return Submission{}, fmt.Errorf("talk %s: %w", slug, err)
	}
	return s, nil
}

func loadSubmission(ctx context.Context, q querier, slug string) (Submission, error) {
	var s Submission
	f := &s.Facts
	err := q.QueryRowContext(ctx, `SELECT talk, conference, treatment, cut, channels, out, pipeline, pipeline_text FROM talks WHERE slug = ?`, slug).
		Scan(asJSON{&f.Talk}, asJSON{&f.Conference}, asJSON{&f.Treatment}, asJSON{&f.Cut}, &f.Channels, &s.Out, &s.Pipeline, &s.PipelineText)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNotFound
	}
	if err != nil {
		return s, err
	}
	err = eachRow(ctx, q, func(rows *sql.Rows) error {
		var r conference.Recording
		err := rows.Scan(&r.SHA256, &r.Size, &r.Name)
		f.Recordings = append(f.Recordings, r)
		return err
	}, `SELECT sha256, size, name FROM recordings WHERE slug = ? ORDER BY position`, slug)
	if err != nil {
		return s, err
	}
	err = eachRow(ctx, q, func(rows *sql.Rows) error {
		var rendition string
		var salt int
		err := rows.Scan(&rendition, &salt)
		f.Salts = mergeSalts(f.Salts, map[string]int{rendition: salt})
		return err
	}, `SELECT rendition, salt FROM salts WHERE slug = ?`, slug)
	if err != nil {
		return s, err
	}
	return s, eachRow(ctx, q, func(rows *sql.Rows) error {
		var t conference.Track
		err := rows.Scan(&t.Language, &t.Kind, &t.State, &t.File, &t.Revision, asJSON{&t.Source}, asJSON{&t.Cues})
		f.Tracks = append(f.Tracks, t)
		return err
	}, `SELECT language, kind, state, file, revision, source, cues FROM tracks
		JOIN revisions USING (slug, language) WHERE slug = ? AND number = revision ORDER BY language`, slug)
}

// TalkLocation is a talk whose bundle is in some directory, and what it is made of.
type TalkLocation struct {
	Slug       string
	Title      string
	Recordings []string // content hashes, in reel order
	Cut        []conference.KeptRange
}

// TalksIn returns the talks whose bundles are in the directory out, the last saved first.
func (c *Catalog) TalksIn(ctx context.Context, out string) (talks []TalkLocation, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var p TalkLocation
		var cut, sha256 string
		if err := rows.Scan(&p.Slug, &p.Title, &cut, &sha256); err != nil {
			return err
		}
		if n := len(talks); n > 0 && talks[n-1].Slug == p.Slug {
			talks[n-1].Recordings = append(talks[n-1].Recordings, sha256)
			return nil
		}
		p.Recordings = []string{sha256}
		talks = append(talks, p)
		return json.Unmarshal([]byte(cut), &talks[len(talks)-1].Cut)
	}, `SELECT slug, talk ->> 'title', cut, sha256 FROM talks JOIN recordings USING (slug) WHERE out = ?
		ORDER BY updated_ms DESC, talks.rowid DESC, position`, out)
	if err != nil {
		return nil, fmt.Errorf("list talks in %s: %w", out, err)
	}
	return talks, nil
}

// SlugTaken reports whether a talk has that slug.
func (c *Catalog) SlugTaken(ctx context.Context, slug string) (taken bool, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM talks WHERE slug = ?)`, slug).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look up talk %s: %w", slug, err)
	}
	return taken, nil
}

// TalkSummary is a talk in a list.
type TalkSummary struct {
	Slug       string    `json:"slug"`
	Title      string    `json:"title"`
	Out        string    `json:"out"`
	Pipeline   string    `json:"pipeline"`
	Recordings int       `json:"recordings"`
	Languages  []string  `json:"languages"` // of its tracks
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated"`   // when a fact last changed
	Published  time.Time `json:"published"` // zero: never
}

// Talks returns every talk, by slug.
func (c *Catalog) Talks(ctx context.Context) ([]TalkSummary, error) {
	var talks []TalkSummary
	err := eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var s TalkSummary
		if err := rows.Scan(&s.Slug, &s.Title, &s.Out, &s.Pipeline, &s.Recordings, asJSON{&s.Languages},
			millis{&s.Created}, millis{&s.Updated}, millis{&s.Published}); err != nil {
			return err
		}
		talks = append(talks, s)
		return nil
	}, `SELECT slug, talk ->> 'title', out, pipeline,
			(SELECT count(*) FROM recordings r WHERE r.slug = t.slug),
			(SELECT json_group_array(language) FROM tracks k WHERE k.slug = t.slug),
			created_ms, updated_ms,
			(SELECT max(at_ms) FROM publications p WHERE p.slug = t.slug)
		FROM talks t ORDER BY slug`)
	if err != nil {
		return nil, fmt.Errorf("list talks: %w", err)
	}
	return talks, nil
}

// IncrementSalt adds one to the salt of a talk's rendition and returns it.
func (c *Catalog) IncrementSalt(ctx context.Context, slug, rendition string) (salt int, err error) {
	err = c.withChange(ctx, "increment a salt of", slug, systemUser, func(tx *change) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO salts (slug, rendition, salt) VALUES (?, ?, 1)
			ON CONFLICT DO UPDATE SET salt = salt + 1 RETURNING salt`, slug, rendition).Scan(&salt)
		if err != nil {
			return err
		}
		return tx.event(ctx, "salt."+rendition, salt-1, salt)
	})
	return salt, err
}
