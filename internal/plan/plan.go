// Package plan turns what is known of a talk into the graph of actions that makes its
// bundle. It is pure: no clock, no disk, no network; equal inputs give equal graphs.
//
// A pipeline's stages are expanded one after the other. A stage whose actions depend on
// an observation that is not there yet is left out, and so is every stage that needs it;
// when the observation has come, the talk is planned anew and the graph reaches further.
package plan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/pipelines"
)

// Kind is a kind of stage: what pipelines may say of it, and how it expands to actions.
type Kind struct {
	pipelines.StageKind
	Version int  // raised when the kind's code makes something else of the same parameters
	Quick   bool // its actions take moments, for they copy, or make no more than a picture or a page
	Expand  func(*Expansion) (made any, err error)
}

// PipelineKinds are what reading a pipeline needs of kinds.
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
	Observed map[action.Key]action.Artifact // what is there of the keys that Graph.Observe asked for
}

// Graph is what has to be there for a bundle.
type Graph struct {
	Actions         []action.Action       // each after those whose artifacts it reads
	Preimages       map[action.Key][]byte // what each key is the hash of
	InlineInputs    map[action.Key][]byte // small inputs that come with the facts: the canonical cues of a track
	ObservationKeys []action.Key          // keys whose artifacts' facts the plan wants to see
	Complete        bool                  // every stage was expanded
	BundleKey       action.Key            // the bundle's, once complete
	Edition         *conference.Edition   // once the recordings are known, and the cut fits them
	Notes           []string              // what a person should know, in words
	Issues          []conference.Issue    // what is wrong with the recordings
}

// InlineInputFile is the name of the one file of an artifact that holds a given input.
const InlineInputFile = "given"

// errAwaitingObservation is how an expansion says that it waits for an observation.
var errAwaitingObservation = errors.New("waits for an observation")

// Build plans a talk. A *fault.Fault says what of the facts cannot be.
func Build(in Input) (Graph, error) {
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

type planner struct {
	in      Input
	graph   Graph
	results map[string]any // by the name of the stage; absent where it waits
	seen    map[action.Key]bool
}

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
	made, err := p.in.Kinds[i].Expand(&Expansion{planner: p, Stage: stage, Facts: p.in.Facts, Pipeline: p.in.Pipeline})
	if errors.Is(err, errAwaitingObservation) {
		p.graph.Complete = false
		return nil
	}
	if err != nil {
		return fmt.Errorf("plan %s: %w", stage.Name, err)
	}
	p.results[stage.Name] = made
	return nil
}

// Expansion is one stage being expanded.
type Expansion struct {
	*planner
	Stage    pipelines.Stage
	Facts    conference.Facts
	Pipeline pipelines.Pipeline
}

// NeededResults are the results of that type among the stages that x's stage needs, in their
// order.
func NeededResults[T any](x *Expansion) (all []T) {
	for _, name := range x.Stage.Needs {
		if made, ok := x.results[name].(T); ok {
			all = append(all, made)
		}
	}
	return all
}

// firstNeeded is the first result of that type; a pipeline's validation has seen to it that
// there is one.
func firstNeeded[T any](x *Expansion) T {
	all := NeededResults[T](x)
	if len(all) == 0 {
		panic(fmt.Sprintf("plan: %s needs no stage that makes a %T", x.Stage.Name, *new(T)))
	}
	return all[0]
}

// AddAction adds an action of the stage's kind to the graph. Where is its place within the
// stage ("1080/r1/17"); inputs are keys by role.
func (x *Expansion) AddAction(where string, params any, inputs map[string]action.Key) (action.Key, error) {
	return x.addSharedAction(where, "", params, inputs)
}

// addSharedAction is Act for one of several actions that one job does together.
func (x *Expansion) addSharedAction(where, with string, params any, inputs map[string]action.Key) (action.Key, error) {
	return x.addActionOfKind(action.Action{Kind: x.Stage.Uses, Share: with}, where, params, inputs)
}

// addActionOfKind is Act for an action of any kind there is, with what is no part of its key as a says.
func (x *Expansion) addActionOfKind(a action.Action, where string, params any, inputs map[string]action.Key) (action.Key, error) {
	i := slices.IndexFunc(x.in.Kinds, func(k Kind) bool { return k.Name == a.Kind })
	if i < 0 {
		return "", fmt.Errorf("no such kind: %q", a.Kind)
	}
	slot := x.Stage.Name
	if where != "" {
		slot += "/" + where
	}
	made, preimage, err := action.New(a.Kind, x.in.Kinds[i].Version, slot, params, inputs)
	if err != nil {
		return "", err
	}
	made.Share, made.Timeout, made.Quick = a.Share, a.Timeout, x.in.Kinds[i].Quick
	if !x.seen[made.Key] {
		x.seen[made.Key] = true
		x.graph.Actions = append(x.graph.Actions, made)
		x.graph.Preimages[made.Key] = preimage
	}
	return made.Key, nil
}

// Observe is the artifact of an observing action, if it is there.
func (x *Expansion) Observe(key action.Key) (action.Artifact, bool) {
	if !slices.Contains(x.graph.ObservationKeys, key) {
		x.graph.ObservationKeys = append(x.graph.ObservationKeys, key)
	}
	a, ok := x.in.Observed[key]
	return a, ok
}

// SetBundleKey makes key the one whose artifact ends the plan.
func (x *Expansion) SetBundleKey(key action.Key) { x.graph.BundleKey = key }

// Note tells people something.
func (x *Expansion) Note(format string, args ...any) {
	x.graph.Notes = append(x.graph.Notes, fmt.Sprintf(format, args...))
}
