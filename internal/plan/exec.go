package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
)

// ExecSpec is a run of a user's program. Of the placeholders only those for files are left
// in Run and Env: what the others stand for is part of the key, and where files lie is not.
type ExecSpec struct {
	Run     []string            `json:"run"`
	Env     map[string]string   `json:"env,omitempty"`
	Version int                 `json:"version"`
	Inputs  map[string][]string `json:"inputs"`          // names in their artifacts, by name; "" is an artifact's facts, as JSON
	Outputs map[string]string   `json:"outputs"`         // the names of files to be made, by name
	Files   map[string]string   `json:"files,omitempty"` // the names of files that belong to the pipeline, by name
	Draft   *DraftSpec          `json:"draft,omitempty"`
}

// DraftSpec says that an output is subtitles, and on which clock.
type DraftSpec struct {
	Output    string              `json:"output"`
	Language  string              `json:"language"`            // BCP 47
	Offset    time.Duration       `json:"offset"`              // where its clock begins on the reel
	Programme *timeline.Programme `json:"programme,omitempty"` // its clock is that of this programme
}

// What the files are called that programs read of artifacts without entries.
const (
	RecordingFile = "recording.mkv" // of index
	SoundFile     = "sound.m4a"     // of audio
)

// InputRole and FileRole begin the roles of what a program reads: the name follows and,
// for inputs, a slash and the number of the file.
const (
	InputRole = "input/"
	FileRole  = "file/"
)

// execResult is what an exec stage hands on. A stage that was left out made nothing.
type execResult struct {
	files  map[string]BundleEntry // by the output's name; those without a path are not for the bundle
	tracks []BundleTrack
	drafts []BundleEntry
}

func (e execResult) bundleEntries() (all []BundleEntry) {
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		if e.files[name].Path != "" {
			all = append(all, e.files[name])
		}
	}
	return append(all, e.drafts...)
}

// execExpansion is an exec stage being expanded.
type execExpansion struct {
	*Expansion
	with   *ExecSettings
	spec   ExecSpec
	inputs map[string]action.Key
	clocks []inputClock // of what it reads
}

// inputClock is on which an input's times are.
type inputClock struct {
	programme bool
	offset    time.Duration
}

func expandExec(x *Expansion) (any, error) {
	if x.graph.Edition == nil {
		return nil, errAwaitingObservation
	}
	e := &execExpansion{Expansion: x, with: x.Stage.With.(*ExecSettings), inputs: make(map[string]action.Key)}
	e.spec = ExecSpec{Version: e.with.Version, Inputs: make(map[string][]string), Outputs: make(map[string]string)}
	if track := e.track(); track != nil && slices.ContainsFunc(x.Facts.Tracks, func(t conference.Track) bool { return t.Language == track.Language }) {
		return execResult{}, nil // somebody wrote them
	}
	for _, name := range slices.Sorted(maps.Keys(e.with.Inputs)) {
		found, err := e.addInput(name, e.with.Inputs[name])
		if err != nil || !found {
			return execResult{}, err
		}
	}
	e.addPipelineFiles()
	if err := e.fillRunAndEnv(); err != nil {
		return nil, err
	}
	for name, o := range e.with.Outputs {
		e.spec.Outputs[name] = e.outputFileName(name, o)
	}
	if err := e.setDraft(); err != nil {
		return nil, err
	}
	key, err := x.addActionOfKind(action.Action{Kind: x.Stage.Uses, Timeout: e.with.Timeout}, "", e.spec, e.inputs)
	if err != nil {
		return nil, err
	}
	return e.result(key)
}

// track is the output that is subtitles, with its language.
func (e *execExpansion) track() *ExecTrack {
	for _, o := range e.with.Outputs {
		if o.Track == nil {
			continue
		}
		t := *o.Track
		if t.Language == "" {
			t.Language = e.Facts.Talk.Language
		}
		if canonical, err := subtitle.CanonicalLanguage(t.Language); err == nil {
			t.Language = canonical
		}
		return &t
	}
	return nil
}

// configError is a fault of the pipeline.
func (e *execExpansion) configError(line int, format string, args ...any) *inputerr.Error {
	return inputerr.New(e.Pipeline.File, e.Stage.Name+": "+format, args...).At(line)
}

// addInput takes up an input. It is not found where a talk need not have it: then the stage is
// left out.
func (e *execExpansion) addInput(name string, in ExecInput) (found bool, err error) {
	if in.From.Text == talkInput {
		b, err := action.Canonical(e.Facts.Talk)
		if err != nil {
			return false, err
		}
		e.graph.InlineInputs[action.KeyOf(b)] = b
		e.addInputFile(name, action.KeyOf(b), InlineInputFile)
		return true, nil
	}
	switch from := e.Expansion.results[in.From.Text].(type) {
	case Reel:
		return true, e.addRecordings(name, in, len(from.Sources), func(i int) {
			e.addInputFile(name, from.Sources[i].Key, RecordingFile)
			e.clocks = append(e.clocks, inputClock{offset: from.Programme.Rate.Time(from.Sources[i].Offset)})
		})
	case analyseResult:
		return true, e.addRecordings(name, in, len(from[0].keys), func(i int) { e.addInputFile(name, from[0].keys[i], "") })
	case audioResult:
		e.addInputFile(name, from.key, SoundFile)
		e.clocks = append(e.clocks, inputClock{programme: true})
		return true, nil
	case execResult:
		return e.addExecOutput(name, in, from)
	case bundleFiles:
		return e.addBundleFile(name, in, from)
	}
	return false, e.configError(in.From.Line, "the input %q is from %q, which has nothing to read", name, in.From.Text)
}

// addInputFile adds a file to an input.
func (e *execExpansion) addInputFile(name string, key action.Key, file string) {
	e.inputs[fmt.Sprintf("%s%s/%05d", InputRole, name, len(e.spec.Inputs[name]))] = key
	e.spec.Inputs[name] = append(e.spec.Inputs[name], file)
}

// addRecordings takes the recording that an input names, or all.
func (e *execExpansion) addRecordings(name string, in ExecInput, n int, take func(i int)) error {
	if in.Recording < 0 || in.Recording > n {
		return e.configError(in.From.Line, "the input %q is of recording %d, but there %s", name, in.Recording, onlyCountText(n))
	}
	for i := range n {
		if in.Recording == 0 || in.Recording == i+1 {
			take(i)
		}
	}
	return nil
}

// addExecOutput takes what another program made.
func (e *execExpansion) addExecOutput(name string, in ExecInput, from execResult) (found bool, err error) {
	if len(from.files) == 0 {
		e.Note("the stage %s is left out, because %s is", e.Stage.Name, in.From.Text)
		return false, nil
	}
	names := slices.Sorted(maps.Keys(from.files))
	if in.Output == "" && len(names) == 1 {
		in.Output = names[0]
	}
	entry, ok := from.files[in.Output]
	if !ok {
		return false, e.configError(in.From.Line, "the input %q does not name an output of %q", name, in.From.Text).
			Hint("Say output: and one of %s.", strings.Join(names, ", "))
	}
	e.addInputFile(name, entry.Key, entry.File)
	return true, nil
}

// addBundleFile takes the first file of a stage that has files for the bundle and suits the input.
func (e *execExpansion) addBundleFile(name string, in ExecInput, from bundleFiles) (found bool, err error) {
	if _, ok := from.(captionsResult); ok && in.Language == "" {
		in.Language = e.Facts.Talk.Language
	}
	entries := from.bundleEntries()
	for _, f := range entries {
		stem := strings.TrimSuffix(f.Path, path.Ext(f.Path))
		if in.Language != "" && f.Language != in.Language || in.Format != "" && !strings.HasSuffix(f.File, "."+in.Format) ||
			in.Rendition != "" && !strings.HasSuffix(stem, "-"+in.Rendition) {
			continue
		}
		e.addInputFile(name, f.Key, f.File)
		if f.Role == "video" || f.Role == "captions" {
			e.clocks = append(e.clocks, inputClock{programme: true})
		}
		return true, nil
	}
	if in.Language != "" {
		e.Note("the stage %s is left out: the talk has no subtitles in %s", e.Stage.Name, subtitle.EnglishLanguageName(in.Language))
		return false, nil
	}
	var have []string
	for _, f := range entries {
		have = append(have, path.Base(f.Path))
	}
	return false, e.configError(in.From.Line, "the input %q suits none of the files of %q", name, in.From.Text).
		Hint("It has %s.", strings.Join(have, ", "))
}

// addPipelineFiles gives the files that belong to the pipeline.
func (e *execExpansion) addPipelineFiles() {
	for name, f := range e.with.Files {
		key := action.KeyOf(f.Content)
		e.graph.InlineInputs[key] = f.Content
		e.inputs[FileRole+name] = key
		if e.spec.Files == nil {
			e.spec.Files = make(map[string]string)
		}
		e.spec.Files[name] = path.Base(f.Text)
	}
}

// fillRunAndEnv fills in what is known now.
func (e *execExpansion) fillRunAndEnv() error {
	for _, w := range e.with.Run {
		for _, m := range placeholderPattern.FindAllStringSubmatch(w.Text, -1) {
			if n := len(e.spec.Inputs[m[2]]); m[1] == "input" && n > 1 && m[0] != w.Text {
				return e.configError(w.Line, "%s is %d files, and stands within a longer argument", m[0], n).
					Hint("Let it be an argument of its own, or say which: recording: 1.")
			}
		}
		e.spec.Run = append(e.spec.Run, e.fillPlaceholders(w.Text))
	}
	for name, w := range e.with.Env {
		if e.spec.Env == nil {
			e.spec.Env = make(map[string]string)
		}
		e.spec.Env[name] = e.fillPlaceholders(w.Text)
	}
	return nil
}

func (e *execExpansion) fillPlaceholders(text string) string {
	talk := map[string]string{"slug": e.Facts.Talk.Slug, "title": e.Facts.Talk.Title, "language": e.Facts.Talk.Language}
	return FillPlaceholders(text, func(what, name string) (string, bool) {
		switch what {
		case "param":
			return e.with.Params[name].Text, true
		case "talk":
			return talk[name], true
		}
		return "", false
	})
}

// FillPlaceholders replaces {what.name} by what value says, where it says something.
func FillPlaceholders(text string, value func(what, name string) (string, bool)) string {
	return placeholderPattern.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholderPattern.FindStringSubmatch(s)
		if v, ok := value(m[1], m[2]); ok {
			return v
		}
		return s
	})
}

// outputFileName is what the file is called: as in the bundle, or as the output. Programs go by
// the ending.
func (e *execExpansion) outputFileName(name string, o ExecOutput) string {
	switch {
	case o.Path.Text != "":
		return name + path.Ext(o.Path.Text)
	case o.Track != nil && path.Ext(name) == "":
		return name + ".srt"
	}
	return name
}

// setDraft says of subtitles on which clock they are.
func (e *execExpansion) setDraft() error {
	track := e.track()
	if track == nil {
		return nil
	}
	d := &DraftSpec{Language: track.Language}
	for name, o := range e.with.Outputs {
		if o.Track != nil {
			d.Output = name
		}
	}
	clocks := e.clocks
	switch track.Time {
	case "reel":
		clocks = []inputClock{{}}
	case "programme":
		clocks = []inputClock{{programme: true}}
	}
	if len(slices.Compact(clocks)) != 1 {
		return e.configError(e.Stage.Line, "it is not clear on which clock the output %q is", d.Output).
			Hint("Say time: reel, the recordings end to end, or time: programme.")
	}
	if d.Offset = clocks[0].offset; clocks[0].programme {
		d.Programme = &e.graph.Edition.Programme
	}
	e.spec.Draft = d
	return nil
}

// result is what the stage hands on; subtitles are placed in the programme as any others.
func (e *execExpansion) result(key action.Key) (execResult, error) {
	made := execResult{files: make(map[string]BundleEntry)}
	for name, o := range e.with.Outputs {
		entry := BundleEntry{Key: key, File: e.spec.Outputs[name]}
		if o.Path.Text != "" {
			entry.Path, entry.Role = e.fillPlaceholders(o.Path.Text), "extra"
			if o.Role != "" {
				entry.Role = o.Role
			}
		}
		made.files[name] = entry
	}
	d := e.spec.Draft
	if d == nil {
		return made, nil
	}
	edition := e.graph.Edition
	placed, err := e.addActionOfKind(action.Action{Kind: "captions"}, "captions", CaptionsSpec{
		Language: d.Language, Edition: edition.ID, Programme: edition.Programme, Profile: check.DefaultProfile,
	}, map[string]action.Key{"track": key})
	if err != nil {
		return made, err
	}
	kind := conference.Translation
	if d.Language == e.Facts.Talk.Language {
		kind = conference.Authored
	}
	made.tracks = []BundleTrack{{Language: d.Language, Kind: kind, State: conference.TrackDraft, Revision: 1, File: e.spec.Outputs[d.Output]}}
	for _, ext := range []string{"srt", "vtt"} {
		made.drafts = append(made.drafts, BundleEntry{
			Path: "drafts/" + e.Facts.Talk.Slug + "." + d.Language + "." + ext,
			Role: "captions", Language: d.Language, Key: placed, File: "captions." + ext,
		})
	}
	e.Note("the subtitles in %s are a draft by %s, which no viewer gets: mend %s, and hand it in with --subtitles %s=FILE --subtitles-time programme",
		subtitle.EnglishLanguageName(d.Language), e.Stage.Name, made.drafts[0].Path, d.Language)
	return made, nil
}
