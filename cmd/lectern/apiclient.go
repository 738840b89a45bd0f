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

// serverFlags are shared by the commands that change what a server may be serving just now:
// they ask its API. Without a server, they ask the same of the data directory.
type serverFlags struct {
	Server string `help:"The conference server to ask; without it, that of the data directory, or the data directory itself where none runs." placeholder:"URL"`
	Token  string `help:"What lets this program in at --server; organisers make one with lectern link --token." env:"LECTERN_TOKEN" placeholder:"TOKEN"`
	dataFlag
}

// apiClient asks an API, wherever it is.
type apiClient struct {
	base   string
	token  string
	client *http.Client
	close  func() error
}

// connect finds the API to ask. It is to be closed.
func (f *serverFlags) connect(ctx context.Context, t *console) (*apiClient, error) {
	if f.Server != "" {
		u, err := url.Parse(f.Server)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, &usageError{fmt.Sprintf("--server %q is no address of a server, such as https://lectern.example", f.Server)}
		}
		return &apiClient{strings.TrimSuffix(f.Server, "/"), f.Token, http.DefaultClient, func() error { return nil }}, nil
	}
	if r, err := dialServer(ctx, f.Data); r != nil || err != nil {
		return r, err
	}
	h, err := openDataDir(ctx, t, f.Data)
	if err != nil {
		return nil, err
	}
	o := service.New(h.catalog, h.store, filepath.Join(f.Data, "bundles"), t.log)
	o.Releaser = h.publisher(t, nil)
	o.Board, err = service.NewBoard(ctx, h.catalog, nil)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	pages, err := web.New(web.Options{Service: o, Log: t.log, URL: offlineURL, Uploads: filepath.Join(f.Data, "uploads")})
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return &apiClient{"http://lectern", "", &http.Client{Transport: handlerTransport{pages}}, h.close}, nil
}

// dialServer is the server of a data directory, or nil if none runs.
func dialServer(ctx context.Context, data string) (*apiClient, error) {
	path, err := socketPath(data)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	c, err := dial(ctx, "", "")
	if err != nil { // nobody listens
		return nil, ctx.Err()
	}
	transport := &http.Transport{DialContext: dial}
	return &apiClient{"http://lectern", "", &http.Client{Transport: transport}, func() error {
		transport.CloseIdleConnections()
		return nil
	}}, c.Close()
}

// offlineURL is where people reach a server that does not run.
const offlineURL = "http://localhost"

// handlerTransport asks a handler in this process, as the operator of the data directory.
type handlerTransport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (i handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	i.handler.ServeHTTP(w, r.WithContext(web.WithPerson(r.Context(), localOperator())))
	return w.Result(), nil
}

// localOperator is who may open the data directory.
func localOperator() access.Person {
	return access.Person{Grants: []access.Grant{{Role: access.Organiser, Name: osUser()}}}
}

// call sends in as JSON, unless it is nil, and reads the answer into out, unless that is. What
// the server finds wrong with the input is a *inputerr.Fault here, too.
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

// do sends content of a type and reads the answer into out, unless that is nil.
func (r *apiClient) do(ctx context.Context, method, path, contentType string, content io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.base+"/api/v1"+path, content)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	answer, err := r.client.Do(req)
	if err != nil {
		return connectionError(r.base, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return responseError(r.base, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", r.base, err)
	}
	return nil
}

// responseError is a server's no.
func responseError(base string, answer *http.Response) error {
	var said struct {
		Detail string          `json:"detail"`
		Fault  *inputerr.Error `json:"fault"`
		Errors []struct{ Message, Location string }
	}
	_ = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&said) // a proxy's answer is no JSON
	switch {
	case said.Fault != nil:
		return said.Fault
	case answer.StatusCode == http.StatusForbidden:
		return inputerr.New(base, "does not allow that: %s", said.Detail).Hint("Ask an organiser for a token that may do it, and give it with --token")
	case len(said.Errors) > 0:
		return inputerr.New(said.Errors[0].Location, "%s", said.Errors[0].Message)
	case answer.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("%s answers %s: %s", base, answer.Status, said.Detail)
	}
	return inputerr.New(base, "answers %s: %s", answer.Status, said.Detail)
}
