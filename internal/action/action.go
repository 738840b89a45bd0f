// Package action defines the units of work: an action and its key, the job that carries it to a
// worker, and the artifact that it produces.
package action

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Key identifies an artifact: the SHA-256, in hexadecimal, of everything it depends on and of
// nothing else. An original's key is the hash of its content.
type Key string

// Action is one unit of work. Kind, Params and Inputs determine its key; Slot, Share, Quick and
// Timeout do not.
type Action struct {
	Kind   string          `json:"kind"`             // selects the worker function
	Key    Key             `json:"key"`              //
	Slot   string          `json:"slot"`             // name within the talk, "encode/1080/r1/17", for people
	Params json.RawMessage `json:"params"`           // canonical JSON of the kind's parameters
	Inputs map[string]Key  `json:"inputs,omitempty"` // artifacts and originals it reads, by role
	Share  string          `json:"share,omitempty"`  // actions that share this (and a kind) are one job
	Quick  bool            `json:"quick,omitempty"`  // takes moments, however long the talk is

	Timeout time.Duration `json:"timeout,omitempty"` // 0: the queue's default
}

// Preimage is what a key is the hash of.
type Preimage struct {
	Kind    string          `json:"kind"`
	Version int             `json:"version"`
	Params  json.RawMessage `json:"params"`
	Inputs  map[string]Key  `json:"inputs,omitempty"`
}

// New returns the action of a kind with these parameters and inputs, and the canonical JSON of the
// [Preimage] that its key is the hash of. version is a constant of the kind; raise it when the
// kind's code produces something else from the same parameters. New fails if params cannot be
// written as JSON.
func New(kind string, version int, slot string, params any, inputs map[string]Key) (Action, []byte, error) {
	p, err := Canonical(params)
	if err != nil {
		return Action{}, nil, fmt.Errorf("parameters of %s: %w", slot, err)
	}
	preimage, err := Canonical(Preimage{Kind: kind, Version: version, Params: p, Inputs: inputs})
	if err != nil {
		return Action{}, nil, fmt.Errorf("key of %s: %w", slot, err)
	}
	return Action{Kind: kind, Key: KeyOf(preimage), Slot: slot, Params: p, Inputs: inputs}, preimage, nil
}

// KeyOf returns the SHA-256 of b in hexadecimal.
func KeyOf(b []byte) Key {
	sum := sha256.Sum256(b)
	return Key(hex.EncodeToString(sum[:]))
}

// Canonical returns v as JSON with sorted object keys, no insignificant space and no
// unnecessary escapes, so that equal values have equal bytes.
func Canonical(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// File is one file of an artifact.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
}

// Artifact is what an action produced: its files, and small facts about them (for an
// observation, the observation itself).
type Artifact struct {
	Key   Key             `json:"key"`
	Kind  string          `json:"kind"`
	Files []File          `json:"files,omitempty"`
	Facts json.RawMessage `json:"facts,omitempty"`
	Notes []string        `json:"notes,omitempty"` // remarks for people
}

// File returns the artifact's file of that name, or an error if it has none.
func (a Artifact) File(name string) (File, error) {
	for _, f := range a.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return File{}, fmt.Errorf("artifact %s of %s has no file %q", a.Key, a.Kind, name)
}

// Original is where a recording is, and its size and time when it was hashed.
type Original struct {
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	ModTime time.Time `json:"mod_time"`
}

// Job is what the queue carries: actions of one kind that share a decode. Each of their
// artifacts is stored by itself.
type Job struct {
	ID        string           `json:"id"` // derived from its keys and the attempt
	Attempt   int              `json:"attempt"`
	Actions   []Action         `json:"actions"`
	Originals map[Key]Original `json:"originals,omitempty"` // those that the actions read
}

// Quick reports whether all actions of the job take only moments. Such jobs do not wait for long
// ones. A job without actions is not quick.
func (j Job) Quick() bool {
	for _, a := range j.Actions {
		if !a.Quick {
			return false
		}
	}
	return len(j.Actions) > 0
}

// EventType says what happened to a job.
type EventType string

// What can happen to a job.
const (
	JobStarted  EventType = "started"
	JobProgress EventType = "progress"
	JobDone     EventType = "done" // its artifacts are in the store
	JobFailed   EventType = "failed"
)

// Event is a worker's message about a job. It may be lost or come twice: it tells the conductor
// to look, and is never itself the proof.
type Event struct {
	Type     EventType `json:"type"`
	Job      string    `json:"job"`
	Worker   string    `json:"worker"`
	Fraction float64   `json:"fraction,omitempty"` // of the job done, 0 to 1
	Speed    float64   `json:"speed,omitempty"`    // times real time; 0: unknown
	Failure  *Failure  `json:"failure,omitempty"`
}

// Failure says why a job failed. It is an error.
type Failure struct {
	Slot                string          `json:"slot"`
	Message             string          `json:"message"`
	Command             []string        `json:"command,omitempty"` // the program that failed, with its arguments
	Stderr              string          `json:"stderr,omitempty"`  // end of its standard error
	InputError          *inputerr.Error `json:"fault,omitempty"`   // set if the input caused it: a retry would fail, too
	MachineFault        bool            `json:"machine,omitempty"` // caused by the worker's machine: another may succeed
	MismatchedRendition string          `json:"unlike,omitempty"`  // the rendition whose segments cannot be joined
}

// Error returns "SLOT: MESSAGE".
func (f *Failure) Error() string { return f.Slot + ": " + f.Message }

// Unwrap returns InputError, or nil if the input did not cause the failure.
func (f *Failure) Unwrap() error {
	if f.InputError == nil {
		return nil
	}
	return f.InputError
}
