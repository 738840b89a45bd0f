package main

import (
	"context"
	"errors"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/worker"
)

type bundleBuildCmd struct {
	Talk string `arg:"" help:"The talk's slug."`
	JSON bool   `help:"Print one JSON document on standard output."`
	redisFlag
	dataFlag
}

// Run implements `lectern bundle build`. It builds from what the catalogue has of the talk.
func (c *bundleBuildCmd) Run(ctx context.Context, t *console) error {
	began := time.Now()
	released, err := c.build(ctx, t)
	if err != nil {
		return err
	}
	return printBuildResult(t, released, time.Since(began), c.JSON)
}

func (c *bundleBuildCmd) build(ctx context.Context, t *console) (released conductor.BuildResult, err error) {
	books, ok, err := openCatalogReadOnly(ctx, c.Data)
	if err != nil {
		return released, err
	}
	if !ok {
		return released, talkNotFound(c.Talk, nil)
	}
	want, err := c.loadRequest(ctx, books)
	if err = errors.Join(err, books.Close()); err != nil {
		return released, err
	}
	h, err := openDataDir(ctx, t, c.Data)
	if err != nil {
		return released, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	return h.buildBundle(ctx, t, c.Redis, c.JSON, want)
}

// loadRequest loads what was submitted for the talk, and where its files are.
func (c *bundleBuildCmd) loadRequest(ctx context.Context, books *catalog.Catalog) (want conductor.BuildRequest, err error) {
	want, err = conductor.LoadBuildRequest(ctx, books, worker.PlanKinds(worker.Kinds()), c.Talk)
	if errors.Is(err, catalog.ErrNotFound) {
		var known []string
		talks, err := books.Talks(ctx)
		for _, talk := range talks {
			known = append(known, talk.Slug)
		}
		return want, errors.Join(err, talkNotFound(c.Talk, known))
	}
	want.Who = osUser()
	return want, err
}
