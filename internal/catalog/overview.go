package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// Overview is a talk in the list of all talks: everything but its cues and long texts.
type Overview struct {
	Slug             string
	Title            string
	Kind             string
	Language         string // spoken, BCP 47
	Speakers         []string
	Length           time.Duration // of the slot; 0: unknown
	Pipeline         string
	Scheduling       conference.Scheduling
	Scheduled        bool // whether the schedule contains the talk
	Recordings       int
	Tracks           []OverviewTrack // by language
	BuildPending     bool            // a build was requested and has not ended
	BuildFailure     string          // of the last build; "": it succeeded, or there was none
	BuildInputError  *inputerr.Error // what is wrong with the input, if that is why; may be nil
	Published        time.Time       // when its bundle was published last; zero: never
	Verdict          Verdict         // of the last review; "": none
	VerdictComment   string          // of the last review
	ReleaseRequested bool            // its release was requested
	ReleaseBlocked   string          // why it cannot be released yet; "": it can
	Released         time.Time       // zero: not released
	Updated          time.Time
	Stages           []OverviewStage // of the last run, in no particular order
}

// OverviewTrack is a track, or a translation, in an [Overview].
type OverviewTrack struct {
	Language string               `json:"language"`
	Kind     conference.TrackKind `json:"kind"`
	State    string               `json:"state"`
	Claim    string               `json:"claim,omitempty"` // who claimed it
}

// OverviewStage counts the actions of one stage in one state.
type OverviewStage struct {
	Stage string    `json:"stage"`
	State SlotState `json:"state"` // of package catalog: Waiting …
	Count int       `json:"n"`
}

const overviewQuery = `SELECT t.slug, talk ->> 'title', talk ->> 'kind', talk ->> 'language', talk -> 'speakers', coalesce(talk ->> 'length', 0), pipeline,
	p.scheduling, p.slug IS NOT NULL AND p.imported IS NOT NULL,
	(SELECT count(*) FROM recordings r WHERE r.slug = t.slug),
	(SELECT json_group_array(json_object('language', language, 'kind', kind, 'state', state, 'claim', claim)) FROM (
		SELECT language, kind, state, '' AS claim FROM tracks k WHERE k.slug = t.slug
		UNION ALL
		SELECT n.language, 'translation', n.state, coalesce((SELECT c.who FROM claims c WHERE c.slug = n.slug AND c.language = n.language AND c.expires_ms > ?2), '')
		FROM translations n WHERE n.slug = t.slug AND n.number =
			(SELECT max(number) FROM translations o WHERE o.slug = n.slug AND o.language = n.language)
			AND NOT EXISTS (SELECT 1 FROM tracks k WHERE k.slug = n.slug AND k.language = n.language)
		ORDER BY language)),
	coalesce(w.generation > w.made, 0), coalesce(w.outcome, ''), w.input_error,
	(SELECT max(at_ms) FROM publications b WHERE b.slug = t.slug),
	coalesce(v.verdict, ''), coalesce(v.words, ''),
	l.slug IS NOT NULL, coalesce(l.refused, ''), l.released_ms, t.updated_ms,
	(SELECT json_group_array(json_object('stage', stage, 'state', state, 'n', n)) FROM (
		SELECT substr(slot, 1, instr(slot || '/', '/') - 1) AS stage, state, count(*) AS n
		FROM slots WHERE run = (SELECT max(id) FROM runs u WHERE u.slug = t.slug) GROUP BY 1, 2))
	FROM talks t LEFT JOIN programme p USING (slug) LEFT JOIN wishes w USING (slug) LEFT JOIN releases l USING (slug)
	LEFT JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts x WHERE x.slug = t.slug)
	WHERE ?1 = '' OR t.slug = ?1`

// Overviews returns the overview of the talk with that slug, or of every talk if slug is "". They
// are in no particular order. An unknown slug has none, which is no error.
func (c *Catalog) Overviews(ctx context.Context, slug string) (all []Overview, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var o Overview
		err := rows.Scan(&o.Slug, &o.Title, &o.Kind, &o.Language, jsonColumn{&o.Speakers}, &o.Length, &o.Pipeline,
			jsonColumn{&o.Scheduling}, &o.Scheduled, &o.Recordings, jsonColumn{&o.Tracks}, &o.BuildPending, &o.BuildFailure, jsonColumn{&o.BuildInputError}, timeColumn{&o.Published},
			&o.Verdict, &o.VerdictComment, &o.ReleaseRequested, &o.ReleaseBlocked, timeColumn{&o.Released}, timeColumn{&o.Updated}, jsonColumn{&o.Stages})
		all = append(all, o)
		return err
	}, overviewQuery, slug, time.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list overviews of talks: %w", err)
	}
	return all, nil
}

// OnChange sets a function that is called after a change of a talk was committed, with the talk's
// slug, or "" if the change concerns no talk. It may be called though nothing changed. It runs in
// the goroutine that made the change, so it must be quick. Set it before the first change.
func (c *Catalog) OnChange(told func(slug string)) { c.onChange = told }
