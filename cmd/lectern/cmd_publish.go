package main

import (
	"context"
	"errors"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
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
	want, err = conductor.Standing(ctx, books, worker.PlanKinds(worker.Kinds()), c.Talk)
	if errors.Is(err, catalog.ErrNone) {
		var known []string
		talks, err := books.Talks(ctx)
		for _, talk := range talks {
			known = append(known, talk.Slug)
		}
		return want, errors.Join(err, noSuchTalk(c.Talk, known))
	}
	want.Who = who()
	return want, err
}
