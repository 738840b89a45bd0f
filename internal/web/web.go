// Package web serves the pages, the API, uploads and live events of a conference server. It handles
// HTTP and calls package service for everything else.
//
// Pages are rendered here and work as plain forms; the modules in static/ enhance them. No page has
// inline scripts or styles, and a Content-Security-Policy on every response forbids them.
package web

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/tus"
)

// Options configure a Server.
type Options struct {
	Service *service.Service
	Log     *slog.Logger
	URL     string // the public address, for links: "https://lectern.example"

	Uploads string // the directory of incoming recordings, in the file system of the store; "": no uploads
}

// Server handles all HTTP requests of a conference server.
type Server struct {
	service   *service.Service
	log       *slog.Logger
	url       string // without a trailing slash
	messages  messages
	templates pageTemplates
	static    fs.FS
	live      *eventHub
	limits    rateLimits
	heavy     chan struct{} // limits expensive requests; see runHeavy
	uploads   *tus.Server   // nil: no uploads
	rows      rowCache
	openAPI   *huma.OpenAPI // describes the API
	handler   http.Handler
}

// New returns a server. It fails if the embedded templates or texts are faulty, or if the upload
// directory cannot be used. Call Run to have live events sent.
func New(o Options) (*Server, error) {
	s := &Server{service: o.Service, log: o.Log, url: strings.TrimSuffix(o.URL, "/"), live: newEventHub(), heavy: make(chan struct{}, maxHeavyRequests)}
	s.rows.rows = make(map[rowKey]renderedRow)
	var err error
	if s.messages, err = loadMessages(); err != nil {
		return nil, fmt.Errorf("load the texts of the pages: %w", err)
	}
	if s.templates, err = parseTemplates(s.messages); err != nil {
		return nil, fmt.Errorf("parse the templates: %w", err)
	}
	if s.static, err = fs.Sub(embedded, "static"); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.pattern, s.authorized(r))
	}
	mux.Handle("/", s.authorized(route{"/", access.Public, func(*request) error { return service.ErrNotFound }}))
	mux.Handle(apiPath+"/", s.newAPI())
	if o.Uploads != "" {
		if s.uploads, err = s.newUploads(o.Uploads); err != nil {
			return nil, err
		}
		mux.Handle(uploadsPath, s.uploads)
	}
	s.handler = s.withSecurityHeaders(mux)
	return s, nil
}

// ServeHTTP handles all requests: of pages, the API and uploads.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// LinkURL returns the URL at which a person signs in with the secret of a link. url is the server's
// address.
func LinkURL(url string, secret access.Secret) string {
	return strings.TrimSuffix(url, "/") + "/l/" + string(secret)
}

// usesTLS reports whether browsers reach the server by HTTPS, according to its configured URL.
func (s *Server) usesTLS() bool { return strings.HasPrefix(s.url, "https:") }

// route is a page or a form. act is checked before handle is called, for the talk and the language
// that the path names as {slug} and {language}.
type route struct {
	pattern string // as for http.ServeMux
	act     access.Permission
	handle  func(*request) error
}

// routes returns all routes of the pages, without those of the API and of uploads.
func (s *Server) routes() (all []route) {
	for _, some := range [][]route{
		s.sessionRoutes(), s.staticRoutes(), s.helpRoutes(), s.liveRoutes(), s.talkListRoutes(), s.talkRoutes(), s.peopleRoutes(), s.recordingRoutes(), s.watchRoutes(), s.scheduleRoutes(), s.speakerRoutes(),
		s.translationRoutes(), s.reviewRoutes(),
	} {
		all = append(all, some...)
	}
	return all
}

// authorized returns a handler that authenticates a request, checks the permission r.act and calls
// r.handle. An error becomes the error page.
func (s *Server) authorized(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		v, err := s.newRequest(w, req)
		if err == nil && r.act != access.Public {
			_, err = v.person.GrantFor(r.act, req.PathValue("slug"), req.PathValue("language"))
		}
		if err == nil {
			err = r.handle(v)
		}
		if err != nil {
			v.renderError(err)
		}
	})
}

// errRateLimited says that an address tried too many links.
var errRateLimited = errors.New("too often")

// httpStatus returns the HTTP status for an error of a service, or 500 for an unknown error.
func httpStatus(err error) int {
	var tooLarge *http.MaxBytesError
	var conflict *service.Conflict
	switch {
	case errors.Is(err, access.ErrForbidden):
		return http.StatusForbidden
	case errors.Is(err, errRateLimited):
		return http.StatusTooManyRequests
	case errors.Is(err, service.ErrNotFound):
		return http.StatusNotFound
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &conflict):
		return http.StatusConflict
	case inputerr.As(err) != nil:
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}
