package submission

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

// ChooseSlug returns the slug for a talk that was submitted without one. If an earlier talk has its
// bundle in the same directory, consists of the same recordings and has an overlapping cut, it is
// the slug of that talk, which is then replaced. Otherwise it is a new slug made from the title.
// The notes explain the choice and how to choose differently.
func ChooseSlug(ctx context.Context, c *catalog.Catalog, s catalog.Submission) (slug string, notes []string, err error) {
	facts := s.Facts
	talks, err := c.TalksIn(ctx, s.Out)
	if err != nil {
		return "", nil, err
	}
	var related []catalog.TalkLocation // that share a recording
	for _, t := range talks {
		shares := slices.ContainsFunc(facts.Recordings, func(r conference.Recording) bool { return slices.Contains(t.Recordings, r.SHA256) })
		if !shares {
			continue
		}
		if sameRecordings(t.Recordings, facts.Recordings) && cutsOverlap(t.Cut, facts.Cut) {
			if t.Title != facts.Talk.Title {
				notes = append(notes, fmt.Sprintf("this replaces the talk %s, until now “%s”; for another talk from the same recording, give a --slug", t.Slug, t.Title))
			}
			return t.Slug, notes, nil
		}
		related = append(related, t)
	}
	base := conference.Slug(facts.Talk.Title)
	slug, err = unusedSlug(ctx, c, s.Out, base)
	for _, t := range related {
		notes = append(notes, fmt.Sprintf("%s is a new talk, although %s (“%s”) uses the same recording; to replace that, give --slug %s", slug, t.Slug, t.Title, t.Slug))
	}
	if slug != base {
		notes = append(notes, fmt.Sprintf("there is a talk %s already, so this one is called %s; choose another name with --slug", base, slug))
	}
	return slug, notes, err
}

// sameRecordings reports whether the recordings have these SHA-256 sums, in any order.
func sameRecordings(sums []string, recordings []conference.Recording) bool {
	sums = slices.Clone(sums)
	for _, r := range recordings {
		i := slices.Index(sums, r.SHA256)
		if i < 0 {
			return false
		}
		sums = slices.Delete(sums, i, i+1)
	}
	return len(sums) == 0
}

// cutsOverlap reports whether two cuts of the same recordings may belong to one talk. They do not
// if none of their ranges overlap, as when a camera runs all morning and each talk keeps its own
// part. An empty cut, and ranges of different recordings, count as overlapping.
func cutsOverlap(a, b []conference.KeptRange) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Recording != y.Recording || x.From < y.To && y.From < x.To {
				return true
			}
		}
	}
	return len(a) == 0 || len(b) == 0
}

// unusedSlug returns base, or base with a number, so that neither a talk in the catalog nor a
// directory in out has this name.
func unusedSlug(ctx context.Context, c *catalog.Catalog, out, base string) (string, error) {
	return conference.UnusedSlug(base, func(slug string) (bool, error) {
		taken, err := c.SlugTaken(ctx, slug)
		_, statErr := os.Lstat(filepath.Join(out, slug))
		return taken || statErr == nil, err
	})
}
