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

// ChooseSlug finds the name of the talk that a command line is about: that of the talk whose
// bundle of these recordings lies in the same directory and keeps some of the same, else
// a new one made of the title. notes say what a person may have meant otherwise.
func ChooseSlug(ctx context.Context, c *catalog.Catalog, s catalog.Submission) (slug string, notes []string, err error) {
	facts := s.Facts
	talks, err := c.TalksIn(ctx, s.Out)
	if err != nil {
		return "", nil, err
	}
	var akin []catalog.TalkLocation // made of some of the same
	for _, t := range talks {
		share := false
		for _, rec := range facts.Recordings {
			share = share || slices.Contains(t.Recordings, rec.SHA256)
		}
		if share && sameRecordings(t.Recordings, facts.Recordings) && cutsOverlap(t.Cut, facts.Cut) {
			if t.Title != facts.Talk.Title {
				notes = append(notes, fmt.Sprintf("this is the talk %s, until now “%s”; another talk of the same recording needs a --slug of its own", t.Slug, t.Title))
			}
			return t.Slug, notes, nil
		}
		if share {
			akin = append(akin, t)
		}
	}
	slug, err = unusedSlug(ctx, c, s.Out, conference.Slug(facts.Talk.Title))
	for _, t := range akin {
		notes = append(notes, fmt.Sprintf("%s is a new talk, although %s (“%s”) is made of the same; to replace that, give --slug %s", slug, t.Slug, t.Title, t.Slug))
	}
	if base := conference.Slug(facts.Talk.Title); slug != base {
		notes = append(notes, fmt.Sprintf("there is a talk %s already, so this one is called %s; --slug calls it otherwise", base, slug))
	}
	return slug, notes, err
}

// sameRecordings reports whether these are the recordings, in any order.
func sameRecordings(sums []string, recordings []conference.Recording) bool {
	sums = slices.Clone(sums)
	for _, rec := range recordings {
		i := slices.Index(sums, rec.SHA256)
		if i < 0 {
			return false
		}
		sums = slices.Delete(sums, i, i+1)
	}
	return len(sums) == 0
}

// cutsOverlap reports whether two cuts may keep some of the same. A camera that runs all
// morning records several talks, and each keeps a part of its own.
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

// unusedSlug returns base, or base with a number, that no talk in the catalogue and no bundle in
// out has.
func unusedSlug(ctx context.Context, c *catalog.Catalog, out, base string) (string, error) {
	return conference.UnusedSlug(base, func(slug string) (bool, error) {
		taken, err := c.SlugTaken(ctx, slug)
		_, statErr := os.Lstat(filepath.Join(out, slug))
		return taken || statErr == nil, err
	})
}
