package plan

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/pipelines"
)

// RecordingSpec are the parameters of an action that looks at a recording as a whole.
type RecordingSpec struct {
	Picture int `json:"picture,omitempty"` // which moving picture, counted from 1; 0 is the first
	Beside  int `json:"beside,omitempty"`  // which one is shown beside it; 0 is none

	Waves *media.WavesSpec `json:"waves,omitempty"` // what becomes of sound alone; nil for what has a picture
}

// Probe looks into each recording.
func Probe() Kind {
	return Kind{
		Kind:    pipelines.Kind{Name: "probe", Also: []string{"ffprobe", "inspect", "ingest"}, Single: true},
		Version: 5,
		Quick:   true,
		Expand:  expandProbe,
	}
}

// probed is what the probe stage hands on.
type probed struct {
	keys   []action.Key
	probes []media.Probe
}

func expandProbe(x *Expansion) (any, error) {
	var made probed
	waiting := false
	for i, r := range x.Facts.Recordings {
		key, err := x.Act(fmt.Sprintf("r%d", i+1), RecordingSpec{Picture: x.Facts.Treatment.Picture, Beside: x.Facts.Treatment.Beside}, map[string]action.Key{"recording": action.Key(r.SHA256)})
		if err != nil {
			return nil, err
		}
		p, ok, err := observe[media.Probe](x, key)
		if err != nil {
			return nil, err
		}
		waiting = waiting || !ok
		made.keys = append(made.keys, key)
		made.probes = append(made.probes, p)
	}
	if waiting {
		return nil, errUnobserved
	}
	for i, p := range made.probes {
		r := x.Facts.Recordings[i]
		if first := slices.IndexFunc(x.Facts.Recordings, func(o conference.Recording) bool { return o.SHA256 == r.SHA256 }); first < i {
			x.Note("recordings %d and %d are the same: %s is in the programme twice, unless the cut leaves it out", first+1, i+1, r.Name)
			continue
		}
		if f := p.Lacks(r.Name); f != nil && !standIn(x.Facts.Treatment, p) {
			return nil, f
		}
		for _, note := range p.Notes {
			x.Note("%s: %s", r.Name, note)
		}
	}
	return made, nil
}

// standIn reports whether something is to stand in for what a recording lacks.
func standIn(t conference.Treatment, p media.Probe) bool {
	return p.Video != nil && t.Silence || p.Video == nil && t.Waveform
}

// observe is the observation of type T that key's artifact holds.
func observe[T any](x *Expansion, key action.Key) (t T, ok bool, err error) {
	a, ok := x.Observe(key)
	if !ok {
		return t, false, nil
	}
	if err := json.Unmarshal(a.Facts, &t); err != nil {
		return t, false, fmt.Errorf("observation %s of %s: %w", key, a.Kind, err)
	}
	return t, true, nil
}

// Index copies recordings that do not seek exactly into containers that do, and with
// that lays out the reel.
func Index() Kind {
	return Kind{
		Kind:    pipelines.Kind{Name: "index", Also: []string{"remux", "ingest", "copy"}, Needs: []string{"probe"}, Single: true},
		Version: 4,
		Expand:  expandIndex,
	}
}

func expandIndex(x *Expansion) (any, error) {
	in := need[probed](x)
	sources := make([]Source, len(in.probes))
	waiting := false
	for i, p := range in.probes {
		recording := action.Key(x.Facts.Recordings[i].SHA256)
		if f := p.Truncated(x.Facts.Recordings[i].Name); f != nil && len(x.Facts.Cut) == 0 {
			return nil, f
		}
		sources[i] = Source{Key: recording, Probe: p, Name: x.Facts.Recordings[i].Name, Share: x.Facts.Treatment.Share}
		if p.Indexed {
			continue
		}
		spec, inputs := RecordingSpec{}, map[string]action.Key{"recording": recording, "probe": in.keys[i]}
		if p.Video == nil {
			spec.Waves = waves(x, inputs)
		}
		key, err := x.Act(fmt.Sprintf("r%d", i+1), spec, inputs)
		if err != nil {
			return nil, err
		}
		indexed, ok, err := observe[media.Probe](x, key)
		if err != nil {
			return nil, err
		}
		waiting = waiting || !ok
		sources[i].Key, sources[i].Probe = key, indexed
	}
	clips, known, err := findClips(x)
	if err != nil {
		return nil, err
	}
	if waiting || !known {
		return nil, errUnobserved
	}
	return layReel(x, sources, clips)
}

// Analyse goes through each recording once: its sound, and the keyframes of its picture.
func Analyse() Kind {
	return Kind{
		Kind:    pipelines.Kind{Name: "analyse", Also: []string{"analyze", "measure", "loudness"}, Needs: []string{"index"}, Single: true},
		Version: 3,
		Expand:  expandAnalyse,
	}
}

// analysed is what the analyse stage hands on: the floor, and then each interpreter, in
// the order of the facts.
type analysed []heard

// heard is a sound of the talk as each recording has it.
type heard struct {
	conference.Sound
	keys     []action.Key
	analyses []media.Analysis
	streams  []int // index in the container; -1 where the recording has no sound

	opening, closing clipHeard // of the conference's clips
}

func expandAnalyse(x *Expansion) (any, error) {
	reel := need[Reel](x)
	opening, ok, err := hearClip(x, reel.clips.opening, "opening")
	if err != nil {
		return nil, err
	}
	closing, known, err := hearClip(x, reel.clips.closing, "closing")
	if err != nil {
		return nil, err
	}
	var made analysed
	waiting := !ok || !known
	for i, sound := range sounds(x.Facts) {
		where := ""
		if i > 0 {
			where = sound.Language + "/"
		}
		h, ok, err := analyse(x, reel, sound, where)
		if err != nil {
			return nil, err
		}
		waiting = waiting || !ok
		h.opening, h.closing = opening, closing
		made = append(made, h)
	}
	if waiting {
		return nil, errUnobserved
	}
	for _, h := range made {
		for i, a := range h.analyses {
			for _, note := range a.Notes {
				x.Note("%s: %s", reel.Sources[i].Name, note)
			}
		}
	}
	if t := x.Facts.Treatment; t.Floor.Stream == 0 && !slices.ContainsFunc(t.Interpreters, func(i conference.Sound) bool { return i.Stream > 1 }) {
		for _, s := range reel.Sources {
			if n := len(s.Probe.Audio); n > 1 {
				x.Note("%s: there are %d sound streams; the first is used", s.Name, n)
			}
		}
	}
	x.graph.Troubles = troubles(reel, made[0], x.Facts.Talk, len(x.Facts.Cut) > 0)
	return made, nil
}

// sounds are those of the programme: the talk's own, and those of its interpreters.
func sounds(facts conference.Facts) []conference.Sound {
	floor := facts.Treatment.Floor
	floor.Language = facts.Talk.Language
	if asked := facts.Channels; asked != "" && asked != conference.ChannelsAuto {
		floor.Channels = asked
	}
	return append([]conference.Sound{floor}, facts.Treatment.Interpreters...)
}

// apart refuses sounds that would be heard in one another: two of one language, or two sides
// of what has one only.
func apart(sources []Source, sounds []conference.Sound) error {
	for i, sound := range sounds {
		for _, other := range sounds[:i] {
			if sound.Language == other.Language {
				return inputerr.New("sound", "two would be in %s", subtitle.EnglishName(sound.Language)).
					Try("Say in the talk's file which language each interpreter speaks, and which the talk is in.")
			}
			if !sound.Apart(other) {
				return inputerr.New("sound", "who interprets into %s would be heard together with somebody else", subtitle.EnglishName(sound.Language)).
					Try("Say another --channels, or none.")
			}
			for _, s := range sources {
				at := max(1, sound.Stream)
				if at == max(1, other.Stream) && at <= len(s.Probe.Audio) && s.Probe.Audio[at-1].Channels < 2 {
					return inputerr.New(s.Name, "its sound %d has no sides, and two people are to be heard on them", at).
						Try("Say under sound: in the talk's file where each of them is heard.")
				}
			}
		}
	}
	return nil
}

// AnalyseSpec are the parameters of an analysis.
type AnalyseSpec struct {
	media.Probe
	Unseen bool `json:"unseen,omitempty"` // another analysis looks at the picture
}

// analyse asks for what a sound is like in each recording; ok is false while that is not
// known.
func analyse(x *Expansion, reel Reel, sound conference.Sound, where string) (h heard, ok bool, err error) {
	h, ok = heard{Sound: sound}, true
	for i, s := range reel.Sources {
		if n := len(s.Probe.Audio); sound.Stream > max(1, n) {
			return h, false, inputerr.New(s.Name, "has no sound %d: there %s in it", sound.Stream, only(n)).
				Try("Say under sound: in the talk's file which one is meant")
		}
		p, stream := s.Probe, -1
		if len(p.Audio) > 0 { // an analysis is of a recording's first
			p.Audio = p.Audio[max(0, sound.Stream-1):]
			stream = p.Audio[0].Stream
		}
		spec := AnalyseSpec{p, where != "" && sound.Stream > 1}
		key, err := x.Act(fmt.Sprintf("%sr%d", where, i+1), spec, map[string]action.Key{"recording": s.Key})
		if err != nil {
			return h, false, err
		}
		a, there, err := observe[media.Analysis](x, key)
		if err != nil {
			return h, false, err
		}
		ok = ok && there
		h.keys, h.analyses, h.streams = append(h.keys, key), append(h.analyses, a), append(h.streams, stream)
	}
	return h, ok, nil
}
