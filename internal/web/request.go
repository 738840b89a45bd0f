package web

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// request is an HTTP request with the person who makes it.
type request struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	person access.Person
	locale string // of the pages: "en" or "es"
}

// newRequest returns a request with its locale and the person who makes it. The person is the one
// that WithPerson set, else that of the API token, else that of the session cookie. An invalid
// token is access.ErrForbidden. Even with an error, the returned request can be used to show the
// error page.
func (s *Server) newRequest(w http.ResponseWriter, r *http.Request) (*request, error) {
	v := &request{Server: s, w: w, r: r}
	v.locale = s.messages.localeOf(r)
	if local, ok := r.Context().Value(localPersonKey{}).(access.Person); ok {
		v.person = local
		return v, nil
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		var err error
		v.person, err = s.service.People.ByToken(r.Context(), access.Secret(token))
		if errors.Is(err, service.ErrNotFound) {
			err = fmt.Errorf("this token is not valid: %w", access.ErrForbidden)
		}
		return v, err
	}
	var err error
	v.person, err = s.service.People.BySessions(r.Context(), s.sessionsOf(r)...)
	return v, err
}

type localPersonKey struct{}

// WithPerson returns a context whose requests are authenticated as p. Use it for the socket in the
// data directory: a process that can open the socket can also open the catalog itself.
func WithPerson(ctx context.Context, p access.Person) context.Context {
	return context.WithValue(ctx, localPersonKey{}, p)
}

func (v *request) ctx() context.Context { return v.r.Context() }
func (v *request) slug() string         { return v.r.PathValue("slug") }
func (v *request) language() string     { return v.r.PathValue("language") }

// redirect makes the browser load another page with GET (status 303), as after a form was
// processed. It always returns nil.
func (v *request) redirect(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// formFile returns the file in a field of the form, and its name made safe to show. If no file was
// chosen, or if the form is unreadable, it returns an *inputerr.Error.
func (v *request) formFile(field string) (name string, data []byte, err error) {
	f, header, err := v.r.FormFile(field)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return "", nil, inputerr.Coded("file.missing", "no file was chosen").Hint("Choose a file")
	case errors.As(err, &tooLarge):
		return "", nil, err
	default:
		return "", nil, inputerr.Coded("form.unreadable", "the form could not be read ({error})", "error", err).Hint("Choose the file again. It may be too large, or its name may contain unusual characters")
	}
	defer f.Close()
	if data, err = io.ReadAll(f); err != nil {
		return "", nil, fmt.Errorf("read an uploaded file: %w", err)
	}
	return cleanName(header.Filename), data, nil
}

// page is the data of base.html. Data is the data of the page inside it.
type page struct {
	Locale  string
	Person  access.Person
	Path    string // of the request
	Data    any
	Problem *inputerr.Error // with the submitted form; nil: none
}

// May reports whether the visitor has a permission, as access.Person.May does. Templates use it to
// show only what is permitted.
func (p page) May(act access.Permission, talk, language string) bool {
	return p.Person.May(act, talk, language)
}

// render responds with a page, with status 200. name is that of its template.
func (v *request) render(name string, data any) error {
	return v.renderStatus(http.StatusOK, name, data, nil)
}

// renderInvalid shows a page with an input error, with status 422. If problem is no input error, it
// returns problem and writes nothing.
func (v *request) renderInvalid(name string, data any, problem error) error {
	f := inputerr.As(problem)
	if f == nil {
		return problem
	}
	return v.renderStatus(http.StatusUnprocessableEntity, name, data, f)
}

// renderStatus responds with a page and a status. problem, which may be nil, is shown on the page.
// If the template fails, it returns an error and has written nothing.
func (v *request) renderStatus(status int, name string, data any, problem *inputerr.Error) error {
	b, err := v.templates.execute(v.locale, name, "base.html", page{Locale: v.locale, Person: v.person, Path: v.r.URL.Path, Data: data, Problem: problem})
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Vary", "Accept-Encoding, Accept-Language, Cookie")
	if len(b) > gzipThreshold && acceptsGzip(v.r) {
		return v.writeGzip(status, b)
	}
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b) // the client may have gone
	return nil
}

// gzipThreshold is the size in bytes from which pages are compressed.
const gzipThreshold = 16 << 10

// acceptsGzip reports whether the Accept-Encoding header of a request allows gzip.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// writeGzip responds with b in compressed form. It uses the fastest level, which shrinks a list of
// a thousand talks to a tenth.
func (v *request) writeGzip(status int, b []byte) error {
	v.w.Header().Set("Content-Encoding", "gzip")
	v.w.WriteHeader(status)
	z, err := gzip.NewWriterLevel(v.w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	_, _ = z.Write(b) // likewise
	_ = z.Close()
	return nil
}

// errorPage is the data of error.html.
type errorPage struct {
	Status   int
	Message  string
	SignedIn bool // the visitor has signed in
}

// renderError responds with the error page and the status of err. An internal error is logged, and
// the page does not show its text. If the client has gone, renderError does nothing.
func (v *request) renderError(err error) {
	status := httpStatus(err)
	if v.ctx().Err() != nil {
		return // the client has gone
	}
	if status == http.StatusInternalServerError {
		v.log.Error("request failed", "path", v.r.URL.Path, "err", err)
	}
	data := errorPage{Status: status, SignedIn: v.person.HasAccess()}
	if status != http.StatusInternalServerError {
		data.Message = err.Error()
	}
	if err := v.renderStatus(status, "error.html", data, inputerr.As(err)); err != nil {
		v.log.Error("showing the error page failed", "err", err)
		http.Error(v.w, http.StatusText(status), status)
	}
}
