package web

import (
	"bytes"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/service"
)

// watchRoutes returns the routes on which people watch and download a talk.
func (s *Server) watchRoutes() []route {
	return []route{
		{"GET /talks/{slug}/watch", access.ViewTalk, s.watch},
		{"GET /talks/{slug}/captions/{language}", access.ViewTalk, s.captions},
		{"GET /talks/{slug}/files/{path...}", access.ViewTalk, s.bundleFile},
		{"GET /talks/{slug}/bundle", access.ViewTalk, s.bundle},
		{"GET /talks/{slug}/bundle.zip", access.ViewTalk, s.bundleZip},
		{"POST /talks/{slug}/verify", access.ManageRecordings, s.verify},
	}
}

// watchPage is the data of watch.html.
type watchPage struct {
	Summary service.TalkSummary
	Player  service.Playback
}

func (s *Server) watch(v *request) error {
	row, err := s.service.Talks.Summary(v.person, v.slug())
	if err != nil {
		return err
	}
	play, err := s.service.Bundles.Playback(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	return v.render("watch.html", watchPage{row, play})
}

// captions serves the current subtitles in a language as WebVTT. The language in the path may end
// in ".vtt".
func (s *Server) captions(v *request) error {
	var b bytes.Buffer
	if err := s.service.Bundles.WriteWebVTT(v.ctx(), v.person, v.slug(), strings.TrimSuffix(v.language(), ".vtt"), &b); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/vtt; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(b.Bytes())
	return nil
}

// bundleFile serves a file of a talk's bundle. It supports range requests, which players need to
// seek. With download in the query, browsers save the file.
func (s *Server) bundleFile(v *request) error {
	b, err := s.service.Bundles.Open(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	defer b.Close()
	f, is, err := b.File(v.r.PathValue("path"))
	if err != nil {
		return err
	}
	defer f.Close()
	h := v.w.Header()
	h.Set("ETag", `"`+is.SHA256[:32]+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Type", contentType(is.Path))
	if v.r.URL.Query().Has("download") {
		h.Set("Content-Disposition", attachment(path.Base(is.Path)))
	}
	http.ServeContent(v.w, v.r, "", b.Published, f)
	return nil
}

// contentType returns the content type of a file in a bundle, by its extension. Unknown types are
// plain data, so that browsers do not show an uploaded file as a page of this server.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".mp4":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".mkv":
		return "video/matroska"
	case ".m4a":
		return "audio/mp4"
	case ".vtt":
		return "text/vtt; charset=utf-8"
	case ".srt", ".txt":
		return "text/plain; charset=utf-8"
	case ".jpg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".json":
		return "application/json"
	}
	return "application/octet-stream"
}

// bundlePage is the data of bundle.html.
type bundlePage struct {
	Summary  service.TalkSummary
	Bundle   *service.Bundle
	Size     int64
	Missing  []string
	Verified *bundle.Report // nil: not asked for
}

func (v *request) newBundlePage() (p bundlePage, err error) {
	if p.Summary, err = v.service.Talks.Summary(v.person, v.slug()); err != nil {
		return p, err
	}
	if p.Bundle, err = v.service.Bundles.Open(v.ctx(), v.person, v.slug()); err != nil {
		return p, err
	}
	defer p.Bundle.Close()
	p.Missing = p.Bundle.Missing()
	p.Size, err = p.Bundle.ZipSize()
	return p, err
}

func (s *Server) bundle(v *request) error {
	p, err := v.newBundlePage()
	if err != nil {
		return err
	}
	return v.render("bundle.html", p)
}

// verify reads and verifies all files of the bundle and shows the result. It runs as a heavy
// request.
func (s *Server) verify(v *request) error {
	p, err := v.newBundlePage()
	if err != nil {
		return err
	}
	return v.runHeavy(v.ctx(), func() error {
		report, err := s.service.Bundles.Verify(v.ctx(), v.person, v.slug())
		if err != nil {
			return err
		}
		p.Verified = &report
		return v.render("bundle.html", p)
	})
}

// bundleZip sends the bundle as a ZIP archive. If that fails after the response has begun, it
// aborts the connection, so that the client notices that the archive is incomplete.
func (s *Server) bundleZip(v *request) error {
	b, err := s.service.Bundles.Open(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	defer b.Close()
	size, err := b.ZipSize()
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", attachment(v.slug()+".zip"))
	if err := b.WriteZip(v.ctx(), v.w); err != nil {
		// The response has begun: aborting it is the only way to report the error.
		s.log.Warn("sending a bundle failed", "talk", v.slug(), "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
