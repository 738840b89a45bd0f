// Package service holds every operation that people perform at a conference server. Pages, the
// API and commands all call it, so they cannot differ, and it is the one place that checks
// permissions: an operation that the person is not allowed to perform fails with
// [access.ErrForbidden].
//
// The operations are grouped by subject: [Talks], [Schedule], [Recordings], [Subtitles],
// [Translations], [Bundles], [Releases] and [People]. An operation first changes the facts in
// the catalog, in one transaction, and then asks the conductor to reconcile the talk.
package service

import (
	"log/slog"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/translation"
)

// Config lists what the services of a conference work with.
type Config struct {
	Catalog    *catalog.Catalog
	Store      *store.Local
	Board      *Board
	Builder    *conductor.Builder   // plans talks; nil where nothing is planned or built
	BuildLoop  *conductor.BuildLoop // builds talks; nil where no talk is built
	Tools      media.Tools          // zero where no recording is inspected
	BundleDir  string               // the directory of the talks' bundles
	ReleaseDir string               // the directory of the bundles that were released
	URL        string               // the address of the server, for links in letters
	Log        *slog.Logger
}

// Service holds the services of one conference. All of their methods are safe for concurrent use.
type Service struct {
	Board        *Board
	Talks        *Talks
	Schedule     *Schedule
	Recordings   *Recordings
	Subtitles    *Subtitles
	Translations *Translations
	Bundles      *Bundles
	Releases     *Releases
	People       *People
	Notifier     *Notifier
}

// New returns the services of a conference, which share what c lists. It does not read the catalog
// and starts no goroutines.
func New(c Config) *Service {
	editor := &talkEditor{catalog: c.Catalog, buildLoop: c.BuildLoop}
	notifier := &Notifier{catalog: c.Catalog, board: c.Board, url: c.URL, log: c.Log, Queued: make(chan struct{}, 1)}
	schedule := &Schedule{catalog: c.Catalog, board: c.Board, editor: editor, bundleDir: c.BundleDir}
	tracks := translation.Service{Catalog: c.Catalog}
	bundles := &Bundles{catalog: c.Catalog, tools: c.Tools, tracks: tracks}
	translations := &Translations{catalog: c.Catalog, board: c.Board, editor: editor, notifier: notifier, tracks: tracks}
	submissions := &submission.Subtitles{Catalog: c.Catalog, Store: c.Store}
	if c.Builder != nil {
		submissions.Planner = c.Builder.Planner()
	}
	return &Service{
		Board:        c.Board,
		Talks:        &Talks{catalog: c.Catalog, board: c.Board, editor: editor, builder: c.Builder},
		Schedule:     schedule,
		Recordings:   &Recordings{catalog: c.Catalog, board: c.Board, editor: editor, tools: c.Tools, received: submission.NewRecordings(c.Catalog, c.Store)},
		Subtitles:    &Subtitles{catalog: c.Catalog, editor: editor, received: submissions, bundles: bundles, translations: translations, notifier: notifier},
		Translations: translations,
		Bundles:      bundles,
		Releases:     &Releases{catalog: c.Catalog, board: c.Board, bundles: bundles, notifier: notifier, dir: c.ReleaseDir, log: c.Log},
		People:       &People{catalog: c.Catalog, board: c.Board, notifier: notifier, url: c.URL},
		Notifier:     notifier,
	}
}
