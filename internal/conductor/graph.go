package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/store"
)

// state says whether an action's artifact is there.
type state int

const (
	absent     state = iota
	dispatched       // a job that makes it is in the queue or at a worker
	present
	failed // it needs a person
)

// node is one action of the graph and its state.
type node struct {
	action        action.Action
	order         int // in the plan
	group         catalog.TimingGroup
	state         state
	ran           bool // in this run; present and not ran means reused
	needed        bool // the bundle cannot be built without it, and it is absent
	missingInputs int  // inputs that are not present
	dependents    []*node
	failures      int
	lost          int // times that its job vanished with a worker
	attempt       int // of the last job
	started       time.Time
	took          time.Duration
	failure       *action.Failure   // the last one
	recordedState catalog.SlotState // what the recorder was told last
}

// actionGraph compares the actions of a plan with the artifacts in the store: which are there,
// which are needed, which can start now.
type actionGraph struct {
	graph      plan.Graph
	nodes      map[action.Key]*node
	ready      []*node                     // needed, absent, with all inputs present; in plan order
	groupSizes map[catalog.TimingGroup]int // actions in each group
}

// set replaces the plan. Actions that the last plan had, too, keep their state; for the others it
// looks in the store.
func (g *actionGraph) set(ctx context.Context, s Store, log *slog.Logger, next plan.Graph) error {
	nodes := make(map[action.Key]*node, len(next.Actions))
	sizes := make(map[catalog.TimingGroup]int)
	for i, a := range next.Actions {
		n := g.nodes[a.Key]
		if n == nil {
			found, err := isPresent(ctx, s, log, a.Key, a.Key == next.BundleKey)
			if err != nil {
				return err
			}
			n = &node{}
			if found {
				n.state = present
			}
		}
		n.action, n.order, n.group = a, i, catalog.TimingGroupOf(a.Kind, a.Slot)
		sizes[n.group]++
		nodes[a.Key] = n
	}
	g.graph, g.nodes, g.groupSizes = next, nodes, sizes
	g.link()
	return nil
}

// isPresent reports whether the store has the artifact under key. If the key is that of a bundle,
// the artifacts of all files that it lists must be there, too. If one is missing, isPresent removes
// the bundle's artifact from the store, so that it is built again.
func isPresent(ctx context.Context, s Store, log *slog.Logger, key action.Key, isBundle bool) (bool, error) {
	has, err := s.Has(ctx, key)
	if err != nil || !has || !isBundle {
		return has, err
	}
	a, err := s.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || a.Facts == nil {
		return err == nil, err
	}
	var facts plan.BundleFacts
	if err := json.Unmarshal(a.Facts, &facts); err != nil {
		return false, fmt.Errorf("facts of the bundle: %w", err)
	}
	for _, e := range facts.Layout {
		if e.Key == "" {
			continue
		}
		_, err := s.Get(ctx, e.Key)
		if errors.Is(err, store.ErrNotFound) {
			log.Warn("a file of the bundle is missing from the store; building it again", "file", e.Path)
			return false, s.Forget(ctx, key)
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// link sets, for each action, the actions that depend on it, the number of its missing inputs, and
// whether it is needed. It sets ready to the actions that can start.
func (g *actionGraph) link() {
	for _, n := range g.nodes {
		n.missingInputs, n.dependents, n.needed = 0, nil, false
	}
	for _, n := range g.nodes {
		for _, key := range distinctKeys(n.action.Inputs) {
			if input := g.nodes[key]; input != nil {
				input.dependents = append(input.dependents, n)
				if input.state != present {
					n.missingInputs++
				}
			}
		}
	}
	if g.graph.Complete {
		g.markNeeded(g.nodes[g.graph.BundleKey])
	} else {
		for _, n := range g.nodes { // actions that are not planned yet will read these
			if len(n.dependents) == 0 {
				g.markNeeded(n)
			}
		}
	}
	g.ready = g.ready[:0]
	for _, n := range g.nodes {
		if n.needed && n.state == absent && n.missingInputs == 0 {
			g.ready = append(g.ready, n)
		}
	}
	slices.SortFunc(g.ready, byPlanOrder)
}

// markNeeded marks n and all actions that it depends on as needed. It stops at actions that are
// present or failed.
func (g *actionGraph) markNeeded(n *node) {
	if n == nil || n.needed || n.state == present || n.state == failed {
		return
	}
	n.needed = true
	for _, key := range n.action.Inputs {
		g.markNeeded(g.nodes[key])
	}
}

// unblockDependents updates the actions that depend on n, which is present now. Those whose other
// inputs are all present become ready to start.
func (g *actionGraph) unblockDependents(n *node) {
	for _, d := range n.dependents {
		d.missingInputs--
		if d.missingInputs == 0 && d.needed && d.state == absent {
			g.insertReady(d)
		}
	}
}

func (g *actionGraph) insertReady(n *node) {
	i, _ := slices.BinarySearchFunc(g.ready, n, byPlanOrder)
	g.ready = slices.Insert(g.ready, i, n)
}

// programmeLength returns the length of the programme, or 0 if it is not known yet.
func (g *actionGraph) programmeLength() time.Duration {
	if g.graph.Edition == nil || g.graph.Edition.Programme.Rate.IsZero() {
		return 0
	}
	return g.graph.Edition.Programme.Duration()
}

// programmeShare returns about how much of the programme an action processes: the programme's
// length divided by the number of actions in its group. It returns 0 while the length is unknown.
func (g *actionGraph) programmeShare(n *node) time.Duration {
	return g.programmeLength() / time.Duration(max(1, g.groupSizes[n.group]))
}

func distinctKeys(inputs map[string]action.Key) []action.Key {
	return slices.Compact(slices.Sorted(maps.Values(inputs)))
}

func byPlanOrder(a, b *node) int { return a.order - b.order }
