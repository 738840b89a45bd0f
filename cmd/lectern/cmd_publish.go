package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

type publishCmd struct {
	Talk string `arg:"" help:"The talk's slug."`
	JSON bool   `help:"Print one JSON document on standard output."`
	redisFlag
	dataFlag
}

// Run is `lectern publish`: the bundle of a talk as the catalogue has it.
func (c *publishCmd) Run(ctx context.Context, t *terminal) error {
	began := time.Now()
	released, err := c.release(ctx, t)
	if err != nil {
		return err
	}
	return tellReleased(t, released, time.Since(began), c.JSON)
}

func (c *publishCmd) release(ctx context.Context, t *terminal) (released conductor.Released, err error) {
	books, ok, err := openBooks(ctx, c.Data)
	if err != nil {
		return released, err
	}
	if !ok {
		return released, noSuchTalk(c.Talk, nil)
	}
	want, err := c.read(ctx, books)
	if err = errors.Join(err, books.Close()); err != nil {
		return released, err
	}
	h, err := openHouse(ctx, t, c.Data)
	if err != nil {
		return released, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	return h.release(ctx, t, c.Redis, c.JSON, want)
}

// read is what was handed in for the talk before, and where its files are.
func (c *publishCmd) read(ctx context.Context, books *catalog.Catalog) (want conductor.Release, err error) {
	want.Submission, err = books.Talk(ctx, c.Talk)
	if errors.Is(err, catalog.ErrNone) {
		var known []string
		talks, err := books.Talks(ctx)
		for _, talk := range talks {
			known = append(known, talk.Slug)
		}
		return want, errors.Join(err, noSuchTalk(c.Talk, known))
	}
	if err != nil {
		return want, err
	}
	if want.Pipeline, err = pipelines.Load(want.Submission.Pipeline, worker.PipelineKinds(worker.Kinds())); err != nil {
		return want, err
	}
	want.Submission.PipelineText = want.Pipeline.Text
	want.Originals = make(map[action.Key]action.Original)
	facts := &want.Submission.Facts
	names := make(map[string]string)
	for _, r := range facts.Recordings {
		names[r.SHA256] = r.Name
	}
	for _, a := range facts.Conference.Cards.Assets() {
		names[a.SHA256] = a.Path
	}
	for sum, name := range names {
		original, err := books.Original(ctx, action.Key(sum))
		if errors.Is(err, catalog.ErrNone) {
			want.Notes = append(want.Notes, fmt.Sprintf("nobody wrote down where %s is: what has to be made of it anew cannot be", name))
			continue
		}
		if err != nil {
			return want, err
		}
		if info, err := os.Stat(original.Path); err != nil || info.Size() != original.Size || !info.ModTime().Equal(original.ModTime) {
			want.Notes = append(want.Notes, fmt.Sprintf("%s is not there any more as it was: what has to be made of it anew cannot be", original.Path))
			continue
		}
		want.Originals[action.Key(sum)] = original
	}
	slices.Sort(want.Notes)
	want.Who = who()
	return want, nil
}
