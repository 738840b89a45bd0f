package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/web"
)

// serverFlags are shared by the commands that work with a conference server's API. Without a
// server, they use the same API on the data directory, in this process.
type serverFlags struct {
	Server string `help:"The conference server to ask. Without it, the server of the data directory; if none runs, the data directory itself." placeholder:"URL"`
	Token  string `help:"The token that gives access to --server. Organisers make one with lectern link new --program." env:"LECTERN_TOKEN" placeholder:"TOKEN"`
	dataFlag
}

// apiClient calls an API: of a server elsewhere, of the server of a data directory by its socket,
// or in this process.
type apiClient struct {
	base     string
	token    string
	operator string // who works on the data directory, for the history; "" where a token says it
	client   *http.Client
	close    func() error
}

// connect returns a client of the API: of --server, else of the server that runs on the data
// directory, else of the data directory itself in this process. In the last case it first waits
// until no other command uses the data directory, and creates the directory if it does not exist.
// The caller closes the client.
func (f *serverFlags) connect(ctx context.Context, t *console) (*apiClient, error) {
	if r, err := f.findServer(ctx); r != nil || err != nil {
		return r, err
	}
	h, err := openDataDir(ctx, t, f.Data)
	if err != nil {
		return nil, err
	}
	return inProcessClient(ctx, service.Config{
		Catalog: h.catalog, Store: h.store, Builder: h.publisher(t, nil), Log: t.log, BundleDir: filepath.Join(f.Data, "bundles"),
	}, filepath.Join(f.Data, "uploads"), h.close)
}

// connectReadOnly returns a client as connect does, for commands that change nothing. It does not
// wait for other commands and does not create a missing data directory. For a missing one, it
// returns the error of a missing talk with the slug talk.
func (f *serverFlags) connectReadOnly(ctx context.Context, t *console, talk string) (*apiClient, error) {
	if r, err := f.findServer(ctx); r != nil || err != nil {
		return r, err
	}
	c, ok, err := openCatalogReadOnly(ctx, f.Data)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, talkNotFound(talk, nil)
	}
	return inProcessClient(ctx, service.Config{Catalog: c, Log: t.log}, "", c.Close)
}

// findServer returns a client of --server, else of the server that runs on the data directory. It
// returns nil if there is neither.
func (f *serverFlags) findServer(ctx context.Context) (*apiClient, error) {
	if f.Server == "" {
		return dialServer(ctx, f.Data)
	}
	u, err := url.Parse(f.Server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, &usageError{fmt.Sprintf("--server %q is not the address of a server, such as https://lectern.example", f.Server)}
	}
	return &apiClient{
		base: strings.TrimSuffix(f.Server, "/"), token: f.Token, client: http.DefaultClient, close: func() error { return nil },
	}, nil
}

// inProcessClient returns a client that calls the API of a data directory in this process. closeDir
// is called when the client is closed, and also before inProcessClient returns an error.
func inProcessClient(ctx context.Context, config service.Config, uploads string, closeDir func() error) (*apiClient, error) {
	var err error
	config.Board, err = service.NewBoard(ctx, config.Catalog, nil)
	if err != nil {
		return nil, errors.Join(err, closeDir())
	}
	server, err := web.New(web.Options{Service: service.New(config), Log: config.Log, URL: offlineURL, Uploads: uploads})
	if err != nil {
		return nil, errors.Join(err, closeDir())
	}
	return &apiClient{
		base: "http://lectern", operator: osUser(), client: &http.Client{Transport: handlerTransport{asOperator(server)}}, close: closeDir,
	}, nil
}

// dialServer returns a client of the server of a data directory, which it reaches by the server's
// socket. It returns nil if no server runs.
func dialServer(ctx context.Context, data string) (*apiClient, error) {
	path, err := socketPath(data)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	c, err := dial(ctx, "", "")
	if err != nil { // no server listens
		return nil, ctx.Err()
	}
	transport := &http.Transport{DialContext: dial}
	closeIdle := func() error {
		transport.CloseIdleConnections()
		return nil
	}
	return &apiClient{
		base: "http://lectern", operator: osUser(), client: &http.Client{Transport: transport}, close: closeIdle,
	}, c.Close()
}

// offlineURL is where people reach a server that does not run.
const offlineURL = "http://localhost"

// handlerTransport answers requests by a handler in this process.
type handlerTransport struct{ handler http.Handler }

// RoundTrip calls the handler and returns its response, which is kept in memory until it is
// complete.
func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// operatorHeader carries the name of the person who works on a data directory, URL-encoded. Only
// asOperator reads it.
const operatorHeader = "Lectern-Operator"

// asOperator returns a handler that treats every request as one of an organiser. Use it only for
// requests from people who can open the data directory or its socket: they can change everything
// anyway.
func asOperator(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, err := url.QueryUnescape(r.Header.Get(operatorHeader))
		if err != nil || name == "" {
			name = osUser()
		}
		operator := access.Person{Grants: []access.Grant{{Role: access.Organiser, Name: name}}}
		handler.ServeHTTP(w, r.WithContext(web.WithPerson(r.Context(), operator)))
	})
}

// call makes a request with in as JSON, or without a body if in is nil. It decodes the response
// into out unless that is nil. If the API refuses the request, the error is an *apiError.
func (r *apiClient) call(ctx context.Context, method, path string, in, out any) error {
	if in == nil {
		return r.do(ctx, method, path, "", nil, out)
	}
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return r.do(ctx, method, path, "application/json", bytes.NewReader(b), out)
}

// do makes a request with a body of a content type, and reads the response into out: JSON, or the
// bytes themselves if out is a *[]byte. If out is nil, the response is not read. path is relative
// to the API. If the API refuses the request, the error is an *apiError.
func (r *apiClient) do(ctx context.Context, method, path, contentType string, content io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.base+"/api/v1"+path, content)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	r.authenticate(req)
	response, err := r.client.Do(req)
	if err != nil {
		return connectionError(r.base, err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return newAPIError(r.base, response)
	}
	switch out := out.(type) {
	case nil:
	case *[]byte:
		*out, err = io.ReadAll(response.Body)
	default:
		err = json.NewDecoder(response.Body).Decode(out)
	}
	if err != nil {
		return fmt.Errorf("read the response of %s: %w", r.base, err)
	}
	return nil
}

func (r *apiClient) authenticate(req *http.Request) {
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.operator != "" {
		req.Header.Set(operatorHeader, url.QueryEscape(r.operator))
	}
}

// findTalk returns nil if the server has a talk with this slug. Otherwise it returns an error that
// suggests similar slugs.
func (r *apiClient) findTalk(ctx context.Context, slug string) error {
	err := r.call(ctx, http.MethodGet, "/talks/"+url.PathEscape(slug), nil, nil)
	if !hasStatus(err, http.StatusNotFound) {
		return err
	}
	var talks []web.Talk
	_ = r.call(ctx, http.MethodGet, "/talks", nil, &talks) // a token for one talk may not list all
	known := make([]string, len(talks))
	for i, talk := range talks {
		known[i] = talk.Slug
	}
	return talkNotFound(slug, known)
}

// apiError is a refusal of the API. It wraps an *inputerr.Error unless the server itself failed.
type apiError struct {
	error
	status   int
	conflict *web.Conflict // nil unless another revision was saved meanwhile
}

// Unwrap returns the error that the server described.
func (e *apiError) Unwrap() error { return e.error }

// hasStatus reports whether err is an *apiError with this HTTP status.
func hasStatus(err error, status int) bool {
	var refusal *apiError
	return errors.As(err, &refusal) && refusal.status == status
}

func newAPIError(base string, response *http.Response) *apiError {
	var problem struct {
		Detail   string          `json:"detail"`
		Fault    *inputerr.Error `json:"fault"`
		Conflict *web.Conflict   `json:"conflict"`
		Errors   []struct{ Message, Location string }
	}
	_ = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&problem) // the answer of a proxy is not JSON
	e := &apiError{status: response.StatusCode, conflict: problem.Conflict}
	switch {
	case problem.Fault != nil:
		e.error = problem.Fault
	case problem.Conflict != nil:
		e.error = inputerr.New("", "%s", problem.Detail)
	case response.StatusCode == http.StatusForbidden:
		e.error = inputerr.New(base, "you don't have access: %s", problem.Detail).Hint("Ask an organiser for a token with that access, and pass it with --token")
	case len(problem.Errors) > 0:
		e.error = inputerr.New(problem.Errors[0].Location, "%s", problem.Errors[0].Message)
	case response.StatusCode >= http.StatusInternalServerError:
		e.error = fmt.Errorf("%s answers %s: %s", base, response.Status, problem.Detail)
	default:
		e.error = inputerr.New(base, "answers %s: %s", response.Status, problem.Detail)
	}
	return e
}
