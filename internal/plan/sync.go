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

// SyncSpec holds the parameters of the action that compares a track's timing with the speech
// in the recordings. The only input from the track is its cue times, so correcting a word does
// not run it again.
type SyncSpec struct {
	Recordings []ReelRecording `json:"recordings"` // in the order of the reel
}

// ReelRecording is the place of a recording's analysis on the reel.
type ReelRecording struct {
	At     time.Duration `json:"at"`     // start on the reel
	Zero   time.Duration `json:"zero"`   // the same moment in its analysis
	Length time.Duration `json:"length"` // on the reel
}

// Sync returns the kind that checks whether subtitles are in sync with the speech.
func Sync() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindSync,
			Synonyms: []string{"insync", "synchrony", "timing", "onsets"},
			Needs:    []string{KindIndex, KindAnalyse},
			Unique:   true,
		},
		Version: 1,
		Expand:  expandSync,
	}
}

// syncResult is the result of the sync stage: keys by language. Tracks with the same times
// share a key.
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
		inputs[NumberedRole(RoleAnalysis, i)] = floor.keys[i]
	}
	result := make(syncResult)
	for _, t := range x.Facts.Tracks {
		times := encodeCueTimes(t.Cues)
		inputs[RoleCueTimes] = action.KeyOf(times)
		x.graph.InlineInputs[inputs[RoleCueTimes]] = times
		key, err := x.AddAction(t.Language, spec, maps.Clone(inputs))
		if err != nil {
			return nil, err
		}
		result[t.Language] = key
	}
	return result, nil
}

// encodeCueTimes returns the start and end of each cue in milliseconds, as canonical JSON.
func encodeCueTimes(cues []conference.Cue) []byte {
	times := make([][2]int64, len(cues))
	for i, c := range cues {
		times[i] = [2]int64{c.Start.Milliseconds(), c.End.Milliseconds()}
	}
	b, _ := json.Marshal(times) // numbers cannot fail
	return b
}

// ParseCueTimes returns cues with the times that encodeCueTimes encoded, without text. It returns
// an error if b is not such JSON.
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
