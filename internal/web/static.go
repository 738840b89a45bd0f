package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// staticRoutes returns the routes of embedded files and of the health check.
func (s *Server) staticRoutes() []route {
	return []route{
		{"GET /static/{file}", access.Public, s.staticFile},
		{"GET /healthz", access.Public, s.healthz},
	}
}

// staticFile serves an embedded file. Browsers ask each time whether it has changed, by its ETag.
func (s *Server) staticFile(v *request) error {
	name := path.Base(v.r.PathValue("file"))
	b, err := fs.ReadFile(s.static, name)
	if err != nil {
		return service.ErrNotFound
	}
	sum := sha256.Sum256(b)
	v.w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	v.w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(v.w, v.r, s.static, name)
	return nil
}

// healthz responds with "ok" as plain text while the server is running. It checks neither the
// catalog nor the queue.
func (s *Server) healthz(v *request) error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := v.w.Write([]byte("ok\n"))
	return err
}
