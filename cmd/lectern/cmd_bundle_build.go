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

// Run implements `lectern bundle build`: it builds the bundle of a talk again from the talk's facts
// in the catalog, and prints its directory. The exit code is 1 if an action fails.
func (c *bundleBuildCmd) Run(ctx context.Context, t *console) error {
	began := time.Now()
	result, err := c.build(ctx, t)
	if err != nil {
		return err
	}
	return printBuildResult(t, result, time.Since(began), c.JSON)
}

func (c *bundleBuildCmd) build(ctx context.Context, t *console) (result conductor.BuildResult, err error) {
	cat, ok, err := openCatalogReadOnly(ctx, c.Data)
	if err != nil {
		return result, err
	}
	if !ok {
		return result, talkNotFound(c.Talk, nil)
	}
	req, err := c.loadRequest(ctx, cat)
	if err = errors.Join(err, cat.Close()); err != nil {
		return result, err
	}
	h, err := openDataDir(ctx, t, c.Data)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	return h.buildBundle(ctx, t, c.Redis, c.JSON, req)
}

// loadRequest returns the request to build the talk from its facts in the catalog. If there is no
// such talk, the error suggests similar slugs.
func (c *bundleBuildCmd) loadRequest(ctx context.Context, cat *catalog.Catalog) (req conductor.BuildRequest, err error) {
	req, err = conductor.LoadBuildRequest(ctx, cat, worker.PlanKinds(worker.Kinds()), c.Talk)
	if errors.Is(err, catalog.ErrNotFound) {
		var known []string
		talks, err := cat.Talks(ctx)
		for _, talk := range talks {
			known = append(known, talk.Slug)
		}
		return req, errors.Join(err, talkNotFound(c.Talk, known))
	}
	req.Who = osUser()
	return req, err
}
