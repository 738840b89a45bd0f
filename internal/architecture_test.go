// Package internal_test keeps the house in order: which package may know of which.
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

// layers is where each package lives. A package imports only packages on lower floors,
// so what is on a floor can be read, tested and changed without what is above it.
var layers = map[string]int{
	"cmd/lectern":    10, // one file per command: parse, call, print
	"internal/bench": 10, // what `make bench` measures with

	"internal/web": 9, // HTTP

	"internal/service": 8, // what people do at a conference server, by whatever means

	"internal/conductor": 7, // the reconcile loop

	"internal/submission": 6, // what was handed in becomes facts: recordings, subtitle files

	"internal/explain": 5, // why an action ran
	"internal/planner": 5, // facts and observations of a talk → its graph of actions
	"worker":           5, // one file per kind of action

	"internal/plan":  4, // facts + observations + pipeline → actions
	"internal/queue": 4, // asynq behind our own small interface

	"internal/translation":                 3, // tracks that know the revision they translate
	"internal/translation/exchange":        4, // translations as PO, XLIFF and CSV
	"internal/translation/translationtest": 3, // cues for the tests of the two
	"internal/mail":                        3, // letters, and their way to people
	"internal/bundle":                      3, // layouts, manifest, verification
	"internal/talkfile":                    3, // talk.yaml and conference.yaml

	"internal/subtitle":         2, // subtitle files in, cues out, and back
	"internal/subtitle/check":   2, // how well cues can be read, by a profile
	"internal/subtitle/compare": 2, // what became of each cue in another version
	"internal/subtitle/subsync": 2, // whether cues come when somebody speaks
	"internal/media":            2, // ffmpeg and ffprobe
	"internal/catalog":          2, // durable facts
	"internal/schedule":         2, // programmes of conferences
	"internal/match":            2, // which talks a recording may be of
	"internal/store":            2, // originals and artifacts by content
	"internal/tus":              2, // large files over connections that break
	"internal/watchfolder":      2, // folders that recordings appear in
	"pipelines":                 2, // the YAML definitions and their loader

	"internal/access":     1, // who may do what
	"internal/charset":    1, // bytes → text, whatever their encoding
	"internal/conference": 1, // the nouns of a conference
	"internal/action":     1, // the nouns of making
	"internal/strictyaml": 1, // YAML that says where it is wrong

	"docs": 0, // the documents, for the help pages

	"internal/plural":   0, // counts with their nouns
	"internal/maputil":  0, // sorted keys of maps
	"internal/message":  0, // sentences as code and values
	"internal/fsutil":   0, // hashing and durable directories
	"internal/timeline": 0, // frames, ranges, cuts
	"internal/inputerr": 0, // what is wrong with the input
}

// pure are the packages whose answers depend on their arguments alone, and what would
// make that untrue.
var (
	pure          = []string{"internal/timeline", "internal/plural", "internal/inputerr", "internal/message", "internal/conference", "internal/action", "internal/plan"}
	impureImports = []string{"os", "os/exec", "net", "net/http", "math/rand", "math/rand/v2", "database/sql", "log", "log/slog"}
)

// soleImporters are the libraries that a single package knows of; everyone else asks that package.
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
			t.Errorf("%s has no floor: give it one in the table floors of internal/architecture_test.go, above everything it imports", p.name)
			continue
		}
		for _, path := range p.Imports {
			name, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			if floor, ok := layers[name]; ok && floor >= own {
				t.Errorf("%s on floor %d imports %s on floor %d: only lower floors may be imported", p.name, own, name, floor)
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
				t.Errorf("%s imports %s: what it says must follow from its arguments alone", p.name, path)
			}
		}
	}
}

func TestImports_LibrariesHaveOneImporter(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			if room, ok := soleImporters[path]; ok && room != p.name {
				t.Errorf("%s imports %s, which is for %s alone: ask that package instead", p.name, path, room)
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

// pkg is a package of the module that has more than tests.
type pkg struct {
	ImportPath string
	GoFiles    []string
	Imports    []string // by its code, not by its tests

	name string // its path within the module
}

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
			t.Fatalf("read the answer of go list: %v", err)
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
