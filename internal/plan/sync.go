package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/pipelines"
)

// SyncRole begins the roles of a bundle's inputs that tell whether a track is in sync; its
// language follows.
const SyncRole = "sync/"

// SyncSpec lays what analysing the recordings heard end to end, as the reel is. The times
// of a track come as an input, and nothing else of it: to correct a word changes no answer.
type SyncSpec struct {
	Recordings []ReelRecording `json:"recordings"` // in reel order
}

// ReelRecording is a recording's place on the reel.
type ReelRecording struct {
	At     time.Duration `json:"at"`     // where it begins on the reel
	Zero   time.Duration `json:"zero"`   // how far into its analysis that is
	Length time.Duration `json:"length"` // on the reel
}

// Sync tells whether each track comes when somebody speaks.
func Sync() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "sync",
			Synonyms: []string{"insync", "synchrony", "timing", "onsets"},
			Needs:    []string{"index", "analyse"},
			Unique:   true,
		},
		Version: 1,
		Expand:  expandSync,
	}
}

// syncResult is what the sync stage hands on: keys by language. Tracks with the same times
// share one.
type syncResult map[string]action.Key

func expandSync(x *Expansion) (any, error) {
	reel, floor := firstNeeded[Reel](x), firstNeeded[analyseResult](x)[0]
	rate := reel.Programme.Rate
	var spec SyncSpec
	inputs := make(map[string]action.Key)
	for i, s := range reel.Sources {
		spec.Recordings = append(spec.Recordings, ReelRecording{
			At:     rate.Time(s.Offset),
			Zero:   s.Probe.Zero(rate) - floor.analyses[i].Origin,
			Length: rate.Time(s.Frames),
		})
		inputs[fmt.Sprintf("analysis/%05d", i)] = floor.keys[i]
	}
	made := make(syncResult)
	for _, t := range x.Facts.Tracks {
		times := encodeCueTimes(t.Cues)
		inputs["times"] = action.KeyOf(times)
		x.graph.InlineInputs[inputs["times"]] = times
		key, err := x.AddAction(t.Language, spec, maps.Clone(inputs))
		if err != nil {
			return nil, err
		}
		made[t.Language] = key
	}
	return made, nil
}

// encodeCueTimes is when each cue starts and ends, in milliseconds, as canonical JSON.
func encodeCueTimes(cues []conference.Cue) []byte {
	times := make([][2]int64, len(cues))
	for i, c := range cues {
		times[i] = [2]int64{c.Start.Milliseconds(), c.End.Milliseconds()}
	}
	b, _ := json.Marshal(times) // numbers cannot fail
	return b
}

// ParseCueTimes reads the times that a sync action is given, as cues without text.
func ParseCueTimes(b []byte) ([]conference.Cue, error) {
	var times [][2]int64
	if err := json.Unmarshal(b, &times); err != nil {
		return nil, fmt.Errorf("read the times of cues: %w", err)
	}
	cues := make([]conference.Cue, len(times))
	for i, t := range times {
		cues[i].Start = time.Duration(t[0]) * time.Millisecond
		cues[i].End = time.Duration(t[1]) * time.Millisecond
	}
	return cues, nil
}
