package planner

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/plan"
)

// memoryStore holds artifacts by their keys, and counts how often each is read.
type memoryStore struct {
	artifacts map[action.Key]action.Artifact
	reads     map[action.Key]int
	err       error // returned by Has
}

func (s *memoryStore) Has(_ context.Context, key action.Key) (bool, error) {
	_, ok := s.artifacts[key]
	return ok, s.err
}

func (s *memoryStore) Get(_ context.Context, key action.Key) (action.Artifact, error) {
	s.reads[key]++
	return s.artifacts[key], nil
}

// chainGraph returns a plan that asks for the next observation once it has seen the one before.
func chainGraph(observed Observations) (plan.Graph, error) {
	g := plan.Graph{ObservationKeys: []action.Key{"a"}}
	if _, ok := observed["a"]; ok {
		g.ObservationKeys = append(g.ObservationKeys, "b")
	}
	if _, ok := observed["b"]; ok {
		g.Complete = true
	}
	return g, nil
}

func TestIncremental_PlansAsFarAsObservationsReach(t *testing.T) {
	s := &memoryStore{artifacts: make(map[action.Key]action.Artifact), reads: make(map[action.Key]int)}
	p := NewIncremental(s, chainGraph)
	for _, step := range []struct {
		stored   action.Key
		asksFor  int
		complete bool
	}{
		{"", 1, false},
		{"a", 2, false},
		{"b", 2, true},
	} {
		if step.stored != "" {
			s.artifacts[step.stored] = action.Artifact{Key: step.stored, Facts: json.RawMessage(`{}`)}
		}
		g, err := p.Plan(t.Context())
		if err != nil || len(g.ObservationKeys) != step.asksFor || g.Complete != step.complete {
			t.Errorf("with %q: %d observations, complete %v, %v", step.stored, len(g.ObservationKeys), g.Complete, err)
		}
	}
	if s.reads["a"] != 1 || s.reads["b"] != 1 {
		t.Errorf("reads: %v, want each observation once", s.reads)
	}
}

func TestIncremental_StoredChainInOneCall(t *testing.T) {
	s := &memoryStore{artifacts: map[action.Key]action.Artifact{"a": {}, "b": {}}, reads: make(map[action.Key]int)}
	if g, err := NewIncremental(s, chainGraph).Plan(t.Context()); err != nil || !g.Complete {
		t.Errorf("complete %v, %v", g.Complete, err)
	}
}

func TestIncremental_Errors(t *testing.T) {
	broken := errors.New("broken")
	s := &memoryStore{err: broken}
	if _, err := NewIncremental(s, chainGraph).Plan(t.Context()); !errors.Is(err, broken) {
		t.Errorf("a store that fails: %v", err)
	}
	failing := func(Observations) (plan.Graph, error) { return plan.Graph{}, broken }
	if _, err := NewIncremental(s, failing).Plan(t.Context()); !errors.Is(err, broken) {
		t.Errorf("a plan that fails: %v", err)
	}
}
