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
	Missing   []string                   `json:"missing" doc:"Files that it lists and that are not there."`
	Zip       string                     `json:"zip" doc:"Where all of it can be had as one file."`
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
	register(a, operation{"get-bundle", http.MethodGet, "/talks/{slug}/bundle", "Tell what a talk's bundle holds, and where to get it.", access.ViewTalk}, a.getBundle)
	register(a, operation{"verify-bundle", http.MethodPost, "/talks/{slug}/bundle/verify", "Prove a talk's bundle sound, by reading all of it.", access.ManageRecordings}, a.verifyBundle)
	register(a, operation{"get-standing", http.MethodGet, "/talks/{slug}/release", "Tell what was said of a talk, and how its release stands.", access.ViewTalk}, a.getRelease)
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
		told.Files = append(told.Files, BundleFile{f.Path, f.SHA256, f.Size, f.Role, base + "/files/" + f.Path})
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
	Stale    bool       `json:"stale" doc:"It was changed since."`
	Forbids  string     `json:"forbids,omitempty" doc:"Why it must not be published, or not yet."`
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
