package catalog_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// TestBuildRequests checks that a request is pending until its generation was built, and that a
// later request makes it pending again.
func TestBuildRequests(t *testing.T) {
	c := open(t, t.TempDir())
	if _, err := c.BuildRequest(t.Context(), "apis"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("before any request: %v", err)
	}
	s := catalog.Submission{Facts: conference.Facts{Talk: conference.Talk{Slug: "apis"}}}
	if _, err := c.Save(t.Context(), "ada", s); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		do      func() error
		made    int
		outcome string
		open    bool
	}{
		{func() error { return c.RequestBuild(t.Context(), "ada", "apis", "new") }, 0, "", true},
		{func() error { return c.FinishBuild(t.Context(), "apis", 1, errors.New("failed: audio")) }, 1, "failed: audio", false},
		{func() error { return c.RequestBuild(t.Context(), "bob", "apis", "retry") }, 1, "failed: audio", true},
		{func() error { return c.FinishBuild(t.Context(), "apis", 2, nil) }, 2, "", false},
		{func() error { return c.FinishBuild(t.Context(), "apis", 1, errors.New("late")) }, 2, "", false}, // of an older one
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		w := must(c.BuildRequest(t.Context(), "apis"))
		if w.Built != step.made || w.Outcome != step.outcome || w.Pending() != step.open || len(must(c.PendingBuilds(t.Context()))) == 1 != step.open {
			t.Errorf("step %d: %+v", i+1, w)
		}
	}
}

func TestFinishBuild_KeepsTheErrorOfTheInput(t *testing.T) {
	c := open(t, t.TempDir())
	s := catalog.Submission{Facts: conference.Facts{Talk: conference.Talk{Slug: "apis"}}}
	if _, err := c.Save(t.Context(), "ada", s); err != nil {
		t.Fatal(err)
	}
	if err := c.RequestBuild(t.Context(), "ada", "apis", "new"); err != nil {
		t.Fatal(err)
	}
	wrong := inputerr.Coded("cut.outside", "lies outside the recording, which is {length} long", "length", "00:01:00").In("cut")
	for _, tc := range []struct {
		failure error
		want    *inputerr.Error
	}{
		{fmt.Errorf("plan apis: %w", wrong), wrong}, {errors.New("encode: killed"), nil}, {wrong, wrong}, {nil, nil},
	} {
		if err := c.FinishBuild(t.Context(), "apis", 1, tc.failure); err != nil {
			t.Fatal(err)
		}
		all := must(c.Overviews(t.Context(), "apis"))
		if got := all[0].BuildInputError; !reflect.DeepEqual(got, tc.want) {
			t.Errorf("after %v: got %#v, want %#v", tc.failure, got, tc.want)
		}
	}
}
