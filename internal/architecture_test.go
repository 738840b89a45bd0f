// Package internal_test checks the architecture: which package can import which.
package internal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lectern-av/lectern"

// layers assigns each package to a layer. A package imports only packages of lower layers, so that it
// can be read, tested and changed without those above it.
var layers = map[string]int{
	"cmd/lectern":    10, // one file per command: parse, call, print
	"internal/bench": 10, // benchmarks for `make bench`

	"internal/web": 9, // HTTP

	"internal/service": 8, // what people do, for pages, API and commands

	"internal/conductor": 7, // the reconcile loop

	"internal/submission": 6, // uploaded recordings and subtitle files → facts

	"internal/explain": 5, // why an action ran
	"internal/planner": 5, // loads facts and observations of a talk and plans its actions
	"worker":           5, // one file per kind of action

	"internal/plan":  4, // facts + observations + pipeline → actions
	"internal/queue": 4, // jobs for workers, over Redis (asynq)

	"internal/translation":                 3, // subtitle translations and their revisions
	"internal/translation/exchange":        4, // translations as PO, XLIFF and CSV
	"internal/translation/translationtest": 3, // cues for the tests of these two
	"internal/mail":                        3, // emails and sending them
	"internal/bundle":                      3, // upload-ready directories: write, compare, verify
	"internal/talkfile":                    3, // talk.yaml and conference.yaml

	"internal/subtitle":         2, // parses and writes subtitle files
	"internal/subtitle/check":   2, // readability of cues by a profile
	"internal/subtitle/compare": 2, // differences between two versions of cues
	"internal/subtitle/subsync": 2, // whether cues coincide with speech
	"internal/media":            2, // ffmpeg and ffprobe
	"internal/media/mediatest":  0, // recordings that say when they are, for tests
	"internal/catalog":          2, // the database
	"internal/schedule":         2, // schedules of conferences
	"internal/match":            2, // suggests talks for recordings
	"internal/store":            2, // content-addressed originals and artifacts
	"internal/tus":              2, // resumable uploads
	"internal/watchfolder":      2, // reports new recordings in a folder
	"pipelines":                 2, // built-in pipelines and their parser

	"internal/access":     1, // roles and permissions
	"internal/charset":    1, // detects encodings and decodes text
	"internal/conference": 1, // types: talk, edition, track …
	"internal/action":     1, // types: action, key, job …
	"internal/strictyaml": 1, // strict YAML decoding

	"docs": 0, // the documents, for the help pages

	"internal/plural":     0, // counts with their nouns
	"internal/sortedkeys": 0, // sorted keys of maps
	"internal/message":    0, // sentences as code and values
	"internal/fileio":     0, // hashing and durable directories
	"internal/timeline":   0, // frames, ranges, cuts
	"internal/inputerr":   0, // errors of the input
}

// pure lists the packages whose results depend only on their arguments, and impureImports the packages
// that they must not import for that reason.
var (
	pure          = []string{"internal/timeline", "internal/plural", "internal/inputerr", "internal/message", "internal/conference", "internal/action", "internal/plan"}
	impureImports = []string{"os", "os/exec", "net", "net/http", "math/rand", "math/rand/v2", "database/sql", "log", "log/slog"}
)

// soleImporters maps libraries to the only package that can import them.
var soleImporters = map[string]string{
	"github.com/hibiken/asynq":       "internal/queue",
	"github.com/u2takey/ffmpeg-go":   "internal/media",
	"modernc.org/sqlite":             "internal/catalog",
	"github.com/asticode/go-astisub": "internal/subtitle",
	"github.com/alecthomas/kong":     "cmd/lectern",
}

func TestImports_OnlyLowerLayers(t *testing.T) {
	for _, p := range packages(t) {
		own, ok := layers[p.name]
		if !ok {
			t.Errorf("%s has no layer: add it to layers in internal/architecture_test.go, above everything that it imports", p.name)
			continue
		}
		for _, path := range p.Imports {
			name, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			if layer, ok := layers[name]; ok && layer >= own {
				t.Errorf("%s in layer %d imports %s in layer %d: import only from lower layers", p.name, own, name, layer)
			}
		}
	}
}

func TestImports_PurePackagesHaveNoSideEffects(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.Contains(pure, p.name) {
			continue
		}
		for _, path := range p.Imports {
			if slices.Contains(impureImports, path) {
				t.Errorf("%s imports %s: its results must depend only on its arguments", p.name, path)
			}
		}
	}
}

func TestImports_LibrariesHaveOneImporter(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			if sole, ok := soleImporters[path]; ok && sole != p.name {
				t.Errorf("%s imports %s, which only %s can import: use that package instead", p.name, path, sole)
			}
		}
	}
}

func TestImports_WebReachesCatalogThroughService(t *testing.T) {
	for _, p := range packages(t) {
		if p.name == "internal/web" && slices.Contains(p.Imports, module+"/internal/catalog") {
			t.Errorf("%s imports internal/catalog: ask internal/service instead, which checks permissions", p.name)
		}
	}
}

// pkg is a package of the module with code other than tests.
type pkg struct {
	ImportPath string
	GoFiles    []string
	Imports    []string // without those of its tests

	name string // its path in the module
}

// packages returns the packages of the module.
func packages(t *testing.T) (found []pkg) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,GoFiles,Imports", "./...")
	list.Dir = ".."
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list ./...: %v", err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatalf("decode the output of go list: %v", err)
		}
		p.name = strings.TrimPrefix(p.ImportPath, module+"/")
		if len(p.GoFiles) > 0 {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatal("go list ./... found no packages, so nothing was checked")
	}
	return found
}
