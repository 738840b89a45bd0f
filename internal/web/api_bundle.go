package web

import (
	"context"
	"net/http"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
)

// Bundle is the JSON form of a talk's bundle.
type Bundle struct {
	Published time.Time                  `json:"published"`
	Edition   string                     `json:"edition"`
	Files     []BundleFile               `json:"files"`
	Tracks    []bundle.Track             `json:"tracks"`
	LeftOut   []conference.WithheldTrack `json:"left_out"`
	Missing   []string                   `json:"missing" doc:"Listed files that are missing."`
	Zip       string                     `json:"zip" doc:"The URL of the bundle as a ZIP archive."`
	ZipSize   int64                      `json:"zip_size" doc:"Bytes."`
}

// BundleFile is a file of a bundle with its URL, which supports range requests.
type BundleFile struct {
	Path   string      `json:"path"`
	SHA256 string      `json:"sha256"`
	Size   int64       `json:"size" doc:"Bytes."`
	Role   bundle.Role `json:"role"`
	URL    string      `json:"url"`
}

func (a *api) bundleOperations() {
	registerOperation(a, operation{name: "get-bundle", method: http.MethodGet, path: "/talks/{slug}/bundle", summary: "List the files of a talk's bundle, with their URLs.", act: access.ViewTalk}, a.getBundle)
	registerOperation(a, operation{name: "verify-bundle", method: http.MethodPost, path: "/talks/{slug}/bundle/verify", summary: "Verify all files of a talk's bundle.", act: access.ManageRecordings}, a.verifyBundle)
	registerOperation(a, operation{name: "get-release", method: http.MethodGet, path: "/talks/{slug}/release", summary: "Get the verdict and the release status of a talk.", act: access.ViewTalk}, a.getRelease)
}

func (a *api) getBundle(ctx context.Context, p access.Person, in *slugInput) (*body[Bundle], error) {
	b, err := a.service.Bundles.Open(ctx, p, in.Slug)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	base := a.url + "/talks/" + in.Slug
	told := Bundle{Published: b.Published, Edition: b.Edition.ID, Files: []BundleFile{}, Tracks: nonNil(b.Tracks), LeftOut: nonNil(b.LeftOut), Missing: nonNil(b.Missing()), Zip: base + "/bundle.zip"}
	for _, f := range b.Files {
		told.Files = append(told.Files, BundleFile{Path: f.Path, SHA256: f.SHA256, Size: f.Size, Role: f.Role, URL: base + "/files/" + f.Path})
	}
	told.ZipSize, err = b.ZipSize()
	return &body[Bundle]{told}, err
}

func (a *api) verifyBundle(ctx context.Context, p access.Person, in *slugInput) (*body[bundle.Report], error) {
	var report bundle.Report
	err := a.runHeavy(ctx, func() (err error) {
		report, err = a.service.Bundles.Verify(ctx, p, in.Slug)
		return err
	})
	report.Checks = nonNil(report.Checks)
	return &body[bundle.Report]{report}, err
}

// ReleaseStatus is the JSON form of a talk's verdict and release status.
type ReleaseStatus struct {
	Verdict  string     `json:"verdict,omitempty" enum:"approved,wrong"`
	Who      string     `json:"who,omitempty"`
	Words    string     `json:"words,omitempty"`
	At       *time.Time `json:"at,omitempty"`
	Stale    bool       `json:"stale" doc:"The talk was changed after the verdict."`
	Forbids  string     `json:"forbids,omitempty" doc:"Why the talk must not be published, or not yet."`
	Wanted   bool       `json:"wanted"`
	Refused  string     `json:"refused,omitempty"`
	Released *time.Time `json:"released,omitempty"`
}

func (a *api) getRelease(ctx context.Context, p access.Person, in *slugInput) (*body[ReleaseStatus], error) {
	j, err := a.service.Releases.Status(ctx, p, in.Slug)
	if err != nil {
		return nil, err
	}
	s := ReleaseStatus{Verdict: string(j.Review.Verdict), Who: j.Review.Who, Words: j.Review.Comment, At: optionalTime(j.Review.At), Stale: j.Stale, Forbids: j.Blocker}
	if j.Request != nil {
		s.Wanted, s.Refused, s.Released = true, j.Request.Blocked, optionalTime(j.Request.Released)
	}
	return &body[ReleaseStatus]{s}, nil
}
