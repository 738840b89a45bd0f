package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
)

// apiPath is the path prefix of the API.
const apiPath = "/api/v1"

// api serves the API. Huma derives its OpenAPI description from the registered operations.
type api struct {
	*Server
	huma.API
}

// newAPI returns the handler of all API operations. It also sets s.openAPI, their description.
func (s *Server) newAPI() http.Handler {
	config := huma.DefaultConfig("Lectern", "1")
	config.Info.Description = "Everything that the pages of a Lectern server do. Send a token as Authorization: Bearer TOKEN. Organisers create tokens."
	config.OpenAPIPath = apiPath + "/openapi"
	config.DocsPath, config.SchemasPath = "", apiPath+"/schemas"
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.CreateHooks = nil // no "$schema" link in responses
	mux := http.NewServeMux()
	a := &api{s, humago.New(mux, config)}
	a.linkOperations()
	a.translationOperations()
	a.talkOperations()
	a.scheduleOperations()
	a.speakerOperations()
	a.bundleOperations()
	s.openAPI = a.OpenAPI()
	return a.authenticate(mux)
}

// schemaName returns the name of a type's schema in the OpenAPI description. Names of types of
// other packages begin with the package, since web.Talk and catalog.Talk differ.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	if t.Name() == "" || t.PkgPath() == "" || pkg == "web" || pkg == "huma" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// operation describes an endpoint of the API and the act that it needs permission for.
type operation struct {
	name    string // unique
	method  string
	path    string // below apiPath
	summary string // a sentence
	act     access.Permission
}

// registerOperation adds an operation to the API. Before it calls do, it checks that the person has the
// permission o.act, for the talk and the language in the path parameters {slug} and {language}.
// Errors of do become problem responses.
func registerOperation[I, O any](a *api, o operation, do func(context.Context, access.Person, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: o.name, Method: o.method, Path: apiPath + o.path, Summary: o.summary,
		MaxBodyBytes: maxFormBytes,
		Description:  "Requires " + permissionText(o.act) + ".",
		Metadata:     map[string]any{"act": o.act},
		Errors:       []int{http.StatusForbidden, http.StatusNotFound},
		Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			if o.act != access.Public && !personFrom(ctx.Context()).May(o.act, ctx.Param("slug"), ctx.Param("language")) {
				_ = huma.WriteErr(a, ctx, http.StatusForbidden, "Your token or link does not allow this ("+string(o.act)+")")
				return
			}
			next(ctx)
		}},
	}
	if o.act != access.Public {
		op.Security = []map[string][]string{{"token": {}}}
	}
	huma.Register(a.API, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, personFrom(ctx), in)
		if err != nil {
			return nil, a.newProblem(err)
		}
		return out, nil
	})
}

func permissionText(act access.Permission) string {
	if act == access.Public {
		return "no permission"
	}
	return "the permission " + string(act)
}

// problem is the body of an error response (RFC 9457 problem details), with the fields of an
// *inputerr.Error.
type problem struct {
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Detail string          `json:"detail,omitempty" doc:"What is wrong."`
	Fault  *inputerr.Error `json:"fault,omitempty" doc:"What is wrong with the input, where, and how to fix it."`

	Conflict *Conflict `json:"conflict,omitempty" doc:"Another revision of the translation was saved meanwhile."`
}

// Conflict names the revisions of a translation between which a change was refused.
type Conflict struct {
	Base     int `json:"base" doc:"The revision that was changed; 0 if unknown."`
	Revision int `json:"revision" doc:"The latest revision."`
}

func (p *problem) Error() string               { return p.Detail }
func (p *problem) GetStatus() int              { return p.Status }
func (p *problem) ContentType(_ string) string { return "application/problem+json" }

func (a *api) newProblem(err error) huma.StatusError {
	status := httpStatus(err)
	p := &problem{Title: http.StatusText(status), Status: status, Detail: err.Error()}
	var already huma.StatusError
	p.Fault = inputerr.As(err)
	var conflict *service.Conflict
	if errors.As(err, &conflict) {
		p.Conflict = &Conflict{Base: conflict.Base, Revision: conflict.Last.Number}
	}
	switch {
	case errors.As(err, &already):
		return already
	case status == http.StatusInternalServerError:
		a.log.Error("API request failed", "err", err)
		p.Detail = "Internal error; the server's log says more"
	}
	return p
}

type personKey struct{}

// personFrom returns the person that authenticate added to ctx, or one without access if there is
// none.
func personFrom(ctx context.Context) access.Person {
	p, _ := ctx.Value(personKey{}).(access.Person)
	return p
}

// authenticate returns a handler that adds the person who makes a request to its context and calls
// next. If the person cannot be determined, as with an invalid token, it responds with an error and
// does not call next.
func (a *api) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		v, err := a.newRequest(w, r)
		if err != nil {
			p := a.newProblem(err)
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(p.GetStatus())
			if err := json.NewEncoder(w).Encode(p); err != nil {
				a.log.Debug("answer a program", "err", err)
			}
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personKey{}, v.person)))
	})
}
