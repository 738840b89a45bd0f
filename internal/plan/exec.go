package plan

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
)

// ExecSpec holds the parameters of a run of a user's program. Placeholders in Run and Env are
// filled in, except those for files: what the others stand for is part of the key, and where
// files lie is not.
type ExecSpec struct {
	Run     []string            `json:"run"`
	Env     map[string]string   `json:"env,omitempty"`
	Version int                 `json:"version"`
	Inputs  map[string][]string `json:"inputs"`          // by input name: the files' names in their artifacts; "" is an artifact's facts, as JSON
	Outputs map[string]string   `json:"outputs"`         // by output name: the names of the files to make
	Files   map[string]string   `json:"files,omitempty"` // names of files that belong to the pipeline, by name
	Draft   *DraftSpec          `json:"draft,omitempty"`
}

// DraftSpec says that an output is a subtitle file, and to which clock its times refer.
type DraftSpec struct {
	Output    string              `json:"output"`
	Language  string              `json:"language"`            // BCP 47
	Offset    time.Duration       `json:"offset"`              // start of its clock on the reel
	Programme *timeline.Programme `json:"programme,omitempty"` // nil, or the programme whose clock it is
}

// execResult is the result of an exec stage. It is empty if the stage was left out.
type execResult struct {
	files  map[string]BundleEntry // by output name; those without a path are not part of the bundle
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

// execExpansion is an exec stage while it is being expanded.
type execExpansion struct {
	*Expansion
	with   *ExecSettings
	spec   ExecSpec
	inputs map[string]action.Key
	clocks []inputClock // of the inputs that have times
}

// inputClock is the clock to which the times in an input refer: programme time, or reel time
// from an offset on.
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
		return execResult{}, nil // the talk has these subtitles: no draft is needed
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

// track returns the settings of the output that is a subtitle file, or nil if there is none. Its
// language is the talk's if none is set.
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

// configError returns an error about the stage's settings, which names the stage and a line of the
// pipeline file.
func (e *execExpansion) configError(line int, format string, args ...any) *inputerr.Error {
	return inputerr.New(e.Pipeline.File, e.Stage.Name+": "+format, args...).At(line)
}

// addInput adds the files of an input of the program, and the clocks of their times. found is false
// if the talk lacks what the input comes from, such as subtitles in a language; the stage is then
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
	return false, e.configError(in.From.Line, "the input %q is from %q, which makes no files", name, in.From.Text)
}

// addInputFile adds a file of the artifact key to an input. file is its name in the artifact, or ""
// for the artifact's facts.
func (e *execExpansion) addInputFile(name string, key action.Key, file string) {
	e.inputs[fmt.Sprintf("%s%s/%05d", InputRole, name, len(e.spec.Inputs[name]))] = key
	e.spec.Inputs[name] = append(e.spec.Inputs[name], file)
}

// addRecordings calls add for the index of the recording that the input names or, if it names none,
// for all n. It returns an error if the input names one that does not exist.
func (e *execExpansion) addRecordings(name string, in ExecInput, n int, add func(i int)) error {
	if in.Recording < 0 || in.Recording > n {
		return e.configError(in.From.Line, "the input %q asks for recording %d, but there %s", name, in.Recording, onlyCountText(n))
	}
	for i := range n {
		if in.Recording == 0 || in.Recording == i+1 {
			add(i)
		}
	}
	return nil
}

// addExecOutput adds an output of another exec stage as an input: the one that the input names, or
// the only one. found is false if that stage was left out. An output that does not exist is an
// error.
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

// addBundleFile adds, as an input, the first file of an earlier stage's bundle entries that has the
// input's language, format and rendition. Captions without a language are those in the talk's own.
// If no file matches, found is false for an input with a language, with a note that the talk has no
// such subtitles; for any other input it returns an error.
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
		if f.Role == bundle.RoleVideo || f.Role == bundle.RoleCaptions {
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
	return false, e.configError(in.From.Line, "the input %q matches none of the files of %q", name, in.From.Text).
		Hint("It has %s.", strings.Join(have, ", "))
}

// addPipelineFiles adds the files that belong to the pipeline, such as scripts, to the action's
// inputs.
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

// fillRunAndEnv sets the program's arguments and environment, with all placeholders filled in but
// those for files, whose paths only the worker knows. It returns an error if an input of several
// files is only part of an argument.
func (e *execExpansion) fillRunAndEnv() error {
	for _, w := range e.with.Run {
		for _, m := range placeholderPattern.FindAllStringSubmatch(w.Text, -1) {
			if n := len(e.spec.Inputs[m[2]]); m[1] == "input" && n > 1 && m[0] != w.Text {
				return e.configError(w.Line, "%s is %d files, but is only part of an argument", m[0], n).
					Hint("Make it an argument of its own, or choose one with recording: 1.")
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

// FillPlaceholders replaces each {what.name} in text by what value returns for it.
// Placeholders for which ok is false stay.
func FillPlaceholders(text string, value func(what, name string) (s string, ok bool)) string {
	return placeholderPattern.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholderPattern.FindStringSubmatch(s)
		if v, ok := value(m[1], m[2]); ok {
			return v
		}
		return s
	})
}

// outputFileName returns the name of the file that the program is to write for the output called
// name. It has the extension of the path in the bundle, because many programs choose a format by
// it. A subtitle file without an extension gets .srt.
func (e *execExpansion) outputFileName(name string, o ExecOutput) string {
	switch {
	case o.Path.Text != "":
		return name + path.Ext(o.Path.Text)
	case o.Track != nil && path.Ext(name) == "":
		return name + ".srt"
	}
	return name
}

// setDraft sets the clock that the times of the subtitle output refer to; without such an output,
// it does nothing. If the stage does not choose the clock, it is that of the inputs. It then
// returns an error if these have different clocks, or none.
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
		return e.configError(e.Stage.Line, "it is not clear which clock the times of the output %q refer to", d.Output).
			Hint("Set time: reel (the recordings end to end) or time: programme.")
	}
	d.Offset = clocks[0].offset
	if clocks[0].programme {
		d.Programme = &e.graph.Edition.Programme
	}
	e.spec.Draft = d
	return nil
}

// result returns the stage's result. key is that of the action that runs the program. Subtitles get
// a captions action of their own, which converts them to programme time; they go into the bundle as
// drafts, with a note for people.
func (e *execExpansion) result(key action.Key) (execResult, error) {
	made := execResult{files: make(map[string]BundleEntry)}
	for name, o := range e.with.Outputs {
		entry := BundleEntry{Key: key, File: e.spec.Outputs[name]}
		if o.Path.Text != "" {
			entry.Path, entry.Role = e.fillPlaceholders(o.Path.Text), bundle.Role(cmp.Or(o.Role, string(bundle.RoleExtra)))
		}
		made.files[name] = entry
	}
	d := e.spec.Draft
	if d == nil {
		return made, nil
	}
	edition := e.graph.Edition
	placed, err := e.addActionOfKind(action.Action{Kind: KindCaptions}, "captions", CaptionsSpec{
		Language: d.Language, Edition: edition.ID, Programme: edition.Programme, Profile: check.DefaultProfile,
	}, map[string]action.Key{RoleTrack: key})
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
			Role: bundle.RoleCaptions, Language: d.Language, Key: placed, File: CaptionsFile(ext),
		})
	}
	e.Note("the subtitles in %s are a draft by %s and are not published: correct %s, and submit it with --subtitles %s=FILE --subtitles-time programme",
		subtitle.EnglishLanguageName(d.Language), e.Stage.Name, made.drafts[0].Path, d.Language)
	return made, nil
}
