package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// RequestBuild requests that a talk's bundle be built from the present facts, even if it is up
// to date.
func (c *Catalog) RequestBuild(ctx context.Context, who, slug, why string) error {
	return c.withChange(ctx, "request a build of", slug, who, func(tx *change) error { return tx.requestBuild(ctx, why) })
}

// requestBuild raises the requested generation of the talk's bundle, so that a build is pending.
func (c *change) requestBuild(ctx context.Context, why string) error {
	return c.exec(ctx, `INSERT INTO wishes (slug, generation, made, outcome, who, why, at_ms) VALUES (?1, 1, 0, '', ?2, ?3, ?4)
		ON CONFLICT DO UPDATE SET generation = generation + 1, who = ?2, why = ?3, at_ms = ?4`, c.slug, c.who, why, c.now.UnixMilli())
}

// requestRebuild raises the requested generation of the talk's bundle like requestBuild, but only
// if a build was requested before.
func (c *change) requestRebuild(ctx context.Context, why string) error {
	return c.exec(ctx, `UPDATE wishes SET generation = generation + 1, who = ?, why = ?, at_ms = ? WHERE slug = ?`, c.who, why, c.now.UnixMilli(), c.slug)
}

// BuildRequest is a talk whose bundle was requested, and what came of the last build.
type BuildRequest struct {
	Slug       string
	Generation int       // counts the changes
	Built      int       // the generation that was built, or failed, last; lower than Generation while a build is pending
	Outcome    string    // of that build: why it failed; "" for success
	Who        string    // made the last request
	Why        string    //
	At         time.Time // when
	Priority   int       // of the talk in the programme; higher goes first
}

// Pending reports whether the requested generation is yet to be built. One that failed is not
// pending.
func (w BuildRequest) Pending() bool { return w.Generation > w.Built }

// BuildRequests returns the request of each talk that ever had one, the next to be built first: by
// the talk's priority, then by when it was last requested.
func (c *Catalog) BuildRequests(ctx context.Context) ([]BuildRequest, error) {
	return c.queryBuildRequests(ctx, "true")
}

// PendingBuilds returns the requests whose bundle is still to be built, in the order of
// BuildRequests.
func (c *Catalog) PendingBuilds(ctx context.Context) ([]BuildRequest, error) {
	return c.queryBuildRequests(ctx, "generation > made")
}

// BuildRequest returns the build request of a talk, or ErrNotFound if none was ever made.
func (c *Catalog) BuildRequest(ctx context.Context, slug string) (BuildRequest, error) {
	all, err := c.queryBuildRequests(ctx, "slug = ?", slug)
	if err != nil {
		return BuildRequest{}, err
	}
	if len(all) == 0 {
		return BuildRequest{}, fmt.Errorf("build request for %s: %w", slug, ErrNotFound)
	}
	return all[0], nil
}

// queryBuildRequests returns the requests that meet an SQL condition.
func (c *Catalog) queryBuildRequests(ctx context.Context, which string, args ...any) (all []BuildRequest, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var w BuildRequest
		err := rows.Scan(&w.Slug, &w.Generation, &w.Built, &w.Outcome, &w.Who, &w.Why, timeColumn{&w.At}, &w.Priority)
		all = append(all, w)
		return err
	}, `SELECT slug, generation, made, outcome, who, why, at_ms, coalesce(scheduling ->> 'priority', 0) AS priority
		FROM wishes LEFT JOIN programme USING (slug) WHERE `+which+` ORDER BY priority DESC, at_ms, slug`, args...)
	if err != nil {
		return nil, fmt.Errorf("list build requests: %w", err)
	}
	return all, nil
}

// FinishBuild records that a generation of a talk's bundle was built, or why it could not be if
// failure is not nil. Either way it is not built again until the next request. A generation older
// than the last one recorded is ignored.
func (c *Catalog) FinishBuild(ctx context.Context, slug string, generation int, failure error) error {
	var outcome string
	var inputError *string
	if failure != nil {
		outcome = failure.Error()
	}
	if wrong := inputerr.As(failure); wrong != nil {
		text, err := jsonText(wrong)
		if err != nil {
			return err
		}
		inputError = &text
	}
	return c.withChange(ctx, "record the build of", slug, systemUser, func(tx *change) error {
		return tx.exec(ctx, `UPDATE wishes SET made = ?1, outcome = ?2, input_error = ?3 WHERE slug = ?4 AND made <= ?1`, generation, outcome, inputError, slug)
	})
}
