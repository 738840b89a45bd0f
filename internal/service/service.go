// Package service is every operation that people do at a conference server, whoever asks by
// whatever means: a page, the API, the command line. That is why they cannot differ, and why
// the question who may do what is asked here, of each operation, by the rules of package
// access: what a person may not do is refused with [access.ErrForbidden].
//
// Whatever changes a fact changes the catalogue first, in one transaction; what is to be
// made of it follows.
package service

import (
	"log/slog"
	"sync"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/submission"
)

// Service is a conference's. All of its methods are safe for concurrent use.
type Service struct {
	Catalog    *catalog.Catalog
	Store      *store.Local
	Board      *Board
	Builder    *conductor.Builder // nil where nothing can be made
	Tools      media.Tools
	BundleDir  string             // the directory that holds the talks' bundles
	ReleaseDir string             // the directory that holds those that were released
	URL        string             // where people reach the server, for letters
	Backlog    *conductor.Backlog // makes what is wished for; nil where nobody does
	Log        *slog.Logger

	memories     memoryCache
	progress     progressCache
	LetterQueued chan struct{} // says that there is a letter to send

	releasing  sync.Mutex
	recordings *submission.Recordings
}

// New is an office over a catalogue and a store; the rest of it is the caller's to fill in.
func New(c *catalog.Catalog, s *store.Local, bundles string, log *slog.Logger) *Service {
	return &Service{Catalog: c, Store: s, BundleDir: bundles, Log: log, recordings: submission.NewRecordings(c, s), LetterQueued: make(chan struct{}, 1)}
}
