// Package plan turns what is known about a talk into a graph of actions that make its bundle,
// as a build system turns a build file into commands. It is pure: it uses no clock, disk or
// network, and equal inputs give equal graphs.
//
// The words, as they are used here:
//
//	stage   one step of a pipeline file, such as encode. Its kind says what it does.
//	action  one node of the graph: the smallest unit of work, such as encoding one
//	        chunk at one size. It has a kind, parameters and named inputs.
//	role    the name of an input of an action: "recording", "segment/00003".
//	key     the SHA-256 of an action's canonical JSON: its kind with its version, its
//	        parameters, and the keys of its inputs. The artifact that an action makes is
//	        stored under its key. Equal keys mean equal results, so an action whose key
//	        is in the store already is not run.
//	slot    the place of an action in the graph, readable by people: stage name and
//	        position, "encode/1080/r1/17". It is not part of the key.
//	graph   all actions of a talk, each after those whose artifacts it reads. Edges are
//	        the inputs: an input names the key of the action that makes it.
//
// [Build] expands a pipeline's stages one after the other. Some stages depend on what probing
// or analysing a recording found: an observation. As long as it is missing, Build leaves out
// the stage and those that need it, and lists the keys in Graph.ObservationKeys. The caller
// runs those actions, and calls Build again with the results; the graph then reaches further,
// until it is Complete.
//
// Parameter types (those whose names end in Spec) are part of keys. Renaming a JSON field,
// changing a default or the wording of a message in one of them changes keys, and makes
// everything anew.
package plan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/pipelines"
)

// Kind is a kind of stage: what a pipeline file may say about it, and how it expands to
// actions.
type Kind struct {
	pipelines.StageKind
	Version int  // part of the keys: raised when the worker's code makes something else from the same parameters
	Quick   bool // its actions take moments: they copy, or make a single picture or page
	Expand  func(*Expansion) (result any, err error)
}

// PipelineKinds returns the StageKind of each kind, which is what package pipelines needs to read a
// pipeline file.
func PipelineKinds(kinds []Kind) []pipelines.StageKind {
	all := make([]pipelines.StageKind, len(kinds))
	for i, k := range kinds {
		all[i] = k.StageKind
	}
	return all
}

// Input is everything a plan depends on.
type Input struct {
	Facts    conference.Facts
	Pipeline pipelines.Pipeline
	Kinds    []Kind
	Observed map[action.Key]action.Artifact // artifacts of the keys in Graph.ObservationKeys, as far as they exist
}

// Graph holds the actions that make a talk's bundle, as far as they are known.
type Graph struct {
	Actions         []action.Action       // in topological order
	Preimages       map[action.Key][]byte // the canonical JSON that each key is the hash of
	InlineInputs    map[action.Key][]byte // inputs that are stored as they are, such as the canonical cues of a track
	ObservationKeys []action.Key          // actions whose results Build needs to go on
	Complete        bool                  // all stages were expanded
	BundleKey       action.Key            // set once the graph is complete
	Edition         *conference.Edition   // set once the recordings are probed and the cut fits them
	Notes           []string              // for people, in English
	Issues          []conference.Issue    // found in the recordings
}

// errAwaitingObservation is returned by a kind's Expand if an observation is missing.
var errAwaitingObservation = errors.New("waits for an observation")

// NoRecordingError returns the *inputerr.Error for a talk that cannot be planned because it has no
// recording. slug is the talk's.
func NoRecordingError(slug string) error {
	return inputerr.Coded("talk.no_recording", "has no recording").In(slug).Hint("Upload one, or assign one that was uploaded")
}

// Build plans a talk as far as the observed artifacts allow. It returns an *inputerr.Error if there is no
// recording, or if the facts contradict one another or the recordings, such as a cut beyond the end.
func Build(in Input) (Graph, error) {
	if len(in.Facts.Recordings) == 0 {
		return Graph{}, NoRecordingError(in.Facts.Talk.Slug)
	}
	p := &planner{
		in:      in,
		results: make(map[string]any),
		seen:    make(map[action.Key]bool),
		graph: Graph{
			Preimages:    make(map[action.Key][]byte),
			InlineInputs: make(map[action.Key][]byte),
			Complete:     true,
		},
	}
	for _, stage := range in.Pipeline.Stages {
		if err := p.expand(stage); err != nil {
			return Graph{}, err
		}
	}
	return p.graph, nil
}

// planner builds one graph.
type planner struct {
	in      Input
	graph   Graph
	results map[string]any // by stage name; missing if the stage waits for an observation
	seen    map[action.Key]bool
}

// expand adds the actions of a stage, and stores its result. If the stage, or one that it needs,
// waits for an observation, it only marks the graph as incomplete.
func (p *planner) expand(stage pipelines.Stage) error {
	i := slices.IndexFunc(p.in.Kinds, func(k Kind) bool { return k.Name == stage.Uses })
	if i < 0 {
		return fmt.Errorf("stage %s: no such kind: %q", stage.Name, stage.Uses)
	}
	for _, name := range stage.Needs {
		if _, ok := p.results[name]; !ok {
			p.graph.Complete = false
			return nil
		}
	}
	result, err := p.in.Kinds[i].Expand(&Expansion{planner: p, Stage: stage, Facts: p.in.Facts, Pipeline: p.in.Pipeline})
	if errors.Is(err, errAwaitingObservation) {
		p.graph.Complete = false
		return nil
	}
	if err != nil {
		return fmt.Errorf("plan %s: %w", stage.Name, err)
	}
	p.results[stage.Name] = result
	return nil
}

// Expansion is what a kind's Expand function works with: the stage, the facts, and the graph
// so far.
type Expansion struct {
	*planner
	Stage    pipelines.Stage
	Facts    conference.Facts
	Pipeline pipelines.Pipeline
}

// NeededResults returns the results of type T of the stages listed in the stage's needs, in
// that order.
func NeededResults[T any](x *Expansion) (all []T) {
	for _, name := range x.Stage.Needs {
		if result, ok := x.results[name].(T); ok {
			all = append(all, result)
		}
	}
	return all
}

// firstNeeded returns the first result of type T of the needed stages. It panics if there is
// none; a pipeline was checked for that when it was read.
func firstNeeded[T any](x *Expansion) T {
	all := NeededResults[T](x)
	if len(all) == 0 {
		panic(fmt.Sprintf("plan: %s needs no stage that makes a %T", x.Stage.Name, *new(T)))
	}
	return all[0]
}

// AddAction adds an action of the stage's kind to the graph, and returns its key. where is its
// place within the stage, such as "1080/r1/17", or "" if it is the only one. inputs are keys by
// role. An action whose key the graph has already is not added again.
func (x *Expansion) AddAction(where string, params any, inputs map[string]action.Key) (action.Key, error) {
	return x.addSharedAction(where, "", params, inputs)
}

// addSharedAction does what AddAction does, for an action that shares a job with others: those of
// the stage that have the same share. An empty share stands for none.
func (x *Expansion) addSharedAction(where, share string, params any, inputs map[string]action.Key) (action.Key, error) {
	return x.addActionOfKind(action.Action{Kind: x.Stage.Uses, Share: share}, where, params, inputs)
}

// addActionOfKind does what AddAction does, for an action of kind a.Kind instead of the stage's. Of
// a, only Kind, Share and Timeout are used; the latter two are not part of the key.
func (x *Expansion) addActionOfKind(a action.Action, where string, params any, inputs map[string]action.Key) (action.Key, error) {
	i := slices.IndexFunc(x.in.Kinds, func(k Kind) bool { return k.Name == a.Kind })
	if i < 0 {
		return "", fmt.Errorf("no such kind: %q", a.Kind)
	}
	slot := x.Stage.Name
	if where != "" {
		slot += "/" + where
	}
	result, preimage, err := action.New(a.Kind, x.in.Kinds[i].Version, slot, params, inputs)
	if err != nil {
		return "", err
	}
	result.Share, result.Timeout, result.Quick = a.Share, a.Timeout, x.in.Kinds[i].Quick
	if !x.seen[result.Key] {
		x.seen[result.Key] = true
		x.graph.Actions = append(x.graph.Actions, result)
		x.graph.Preimages[result.Key] = preimage
	}
	return result.Key, nil
}

// Observe returns the artifact of an action, whose facts the plan depends on. ok is false if it
// does not exist yet; the kind's Expand must then return errAwaitingObservation. Either way the key
// is added to Graph.ObservationKeys.
func (x *Expansion) Observe(key action.Key) (artifact action.Artifact, ok bool) {
	if !slices.Contains(x.graph.ObservationKeys, key) {
		x.graph.ObservationKeys = append(x.graph.ObservationKeys, key)
	}
	artifact, ok = x.in.Observed[key]
	return artifact, ok
}

// SetBundleKey sets Graph.BundleKey, the key of the action that makes the bundle.
func (x *Expansion) SetBundleKey(key action.Key) { x.graph.BundleKey = key }

// Note adds a sentence for people, in English, to Graph.Notes.
func (x *Expansion) Note(format string, args ...any) {
	x.graph.Notes = append(x.graph.Notes, fmt.Sprintf(format, args...))
}
