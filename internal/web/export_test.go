package web

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lectern-av/lectern/internal/access"
)

// Endpoint is a route of the pages or an operation of the API, with the act that it needs.
type Endpoint struct {
	Method, Path string // with {slug} and the like
	Act          access.Permission
}

// Endpoints returns all routes of the pages and all operations of the API.
func (s *Server) Endpoints() (all []Endpoint) {
	for _, r := range s.routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		all = append(all, Endpoint{method, strings.TrimSuffix(path, "{$}"), r.act})
	}
	for path, item := range s.openAPI.Paths {
		for _, op := range []struct {
			method string
			acts   map[string]any
		}{
			{http.MethodGet, metadata(item.Get)}, {http.MethodPost, metadata(item.Post)}, {http.MethodPut, metadata(item.Put)},
			{http.MethodPatch, metadata(item.Patch)}, {http.MethodDelete, metadata(item.Delete)},
		} {
			if op.acts != nil {
				all = append(all, Endpoint{op.method, path, op.acts["act"].(access.Permission)})
			}
		}
	}
	return all
}

// Messages returns the texts of the pages by locale and key.
func Messages() (map[string]map[string]string, error) {
	w, err := loadMessages()
	all := make(map[string]map[string]string)
	for locale, said := range w {
		all[locale] = make(map[string]string)
		for key, p := range said {
			all[locale][key] = p.One + p.Other
		}
	}
	return all, err
}

func metadata(o *huma.Operation) map[string]any {
	if o == nil {
		return nil
	}
	return o.Metadata
}
