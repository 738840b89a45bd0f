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

// RecordingSpec holds the parameters of an action that reads a whole recording.
type RecordingSpec struct {
	Picture       int `json:"picture,omitempty"` // which video stream, counted from 1; 0 is the first
	SecondPicture int `json:"beside,omitempty"`  // video stream to show beside it, counted from 1; 0 is none

	Waveform *media.WaveformSpec `json:"waves,omitempty"` // how to draw a sound-only recording; nil if there is video
}

// Probe returns the kind that probes each recording: its streams, their times, and defects.
func Probe() Kind {
	return Kind{
		StageKind: pipelines.StageKind{Name: KindProbe, Synonyms: []string{"ffprobe", "inspect", "ingest"}, Unique: true},
		Version:   5,
		Quick:     true,
		Expand:    expandProbe,
	}
}

// probeResult is the result of the probe stage.
type probeResult struct {
	keys   []action.Key
	probes []media.Probe
}

func expandProbe(x *Expansion) (any, error) {
	var result probeResult
	waiting := false
	for i, r := range x.Facts.Recordings {
		key, err := x.AddAction(fmt.Sprintf("r%d", i+1), RecordingSpec{Picture: x.Facts.Processing.VideoStream, SecondPicture: x.Facts.Processing.SideStream}, map[string]action.Key{RoleRecording: action.Key(r.SHA256)})
		if err != nil {
			return nil, err
		}
		p, ok, err := observeAs[media.Probe](x, key)
		if err != nil {
			return nil, err
		}
		waiting = waiting || !ok
		result.keys = append(result.keys, key)
		result.probes = append(result.probes, p)
	}
	if waiting {
		return nil, errAwaitingObservation
	}
	for i, p := range result.probes {
		r := x.Facts.Recordings[i]
		if first := slices.IndexFunc(x.Facts.Recordings, func(o conference.Recording) bool { return o.SHA256 == r.SHA256 }); first < i {
			x.Note("recordings %d and %d are the same file: %s is in the programme twice, unless you cut it out", first+1, i+1, r.Name)
			continue
		}
		if f := p.MissingStream(r.Name); f != nil && !hasStandIn(x.Facts.Processing, p) {
			return nil, f
		}
		for _, note := range p.Notes {
			x.Note("%s: %s", r.Name, note)
		}
	}
	return result, nil
}

// hasStandIn reports whether the talk's settings allow a substitute for the stream that a recording
// lacks, sound or video: silence, or a drawn waveform.
func hasStandIn(t conference.ProcessingOptions, p media.Probe) bool {
	return p.Video != nil && t.AllowNoAudio || p.Video == nil && t.AllowNoVideo
}

// observeAs decodes the facts of key's artifact as a T. ok is false if the artifact does not exist
// yet; see Observe.
func observeAs[T any](x *Expansion, key action.Key) (t T, ok bool, err error) {
	a, ok := x.Observe(key)
	if !ok {
		return t, false, nil
	}
	if err := json.Unmarshal(a.Facts, &t); err != nil {
		return t, false, fmt.Errorf("observation %s of %s: %w", key, a.Kind, err)
	}
	return t, true, nil
}

// Index returns the kind that copies each recording that does not seek exactly into a Matroska
// file. Its result is the reel.
func Index() Kind {
	return Kind{
		StageKind: pipelines.StageKind{Name: KindIndex, Synonyms: []string{"remux", "ingest", "copy"}, Needs: []string{KindProbe}, Unique: true},
		Version:   4,
		Expand:    expandIndex,
	}
}

func expandIndex(x *Expansion) (any, error) {
	in := firstNeeded[probeResult](x)
	sources := make([]Source, len(in.probes))
	waiting := false
	for i, p := range in.probes {
		recording := action.Key(x.Facts.Recordings[i].SHA256)
		if f := p.TruncationFault(x.Facts.Recordings[i].Name); f != nil && len(x.Facts.Cut) == 0 {
			return nil, f
		}
		sources[i] = Source{Key: recording, Probe: p, Name: x.Facts.Recordings[i].Name, FirstWidthPercent: x.Facts.Processing.MainShare}
		if p.Indexed {
			continue
		}
		spec, inputs := RecordingSpec{}, map[string]action.Key{RoleRecording: recording, RoleProbe: in.keys[i]}
		if p.Video == nil {
			spec.Waveform = addWaveform(x, inputs)
		}
		key, err := x.AddAction(fmt.Sprintf("r%d", i+1), spec, inputs)
		if err != nil {
			return nil, err
		}
		indexed, ok, err := observeAs[media.Probe](x, key)
		if err != nil {
			return nil, err
		}
		waiting = waiting || !ok
		sources[i].Key, sources[i].Probe = key, indexed
	}
	clips, known, err := probeClips(x)
	if err != nil {
		return nil, err
	}
	if waiting || !known {
		return nil, errAwaitingObservation
	}
	return newReel(x, sources, clips)
}

// Analyse returns the kind that reads each recording to measure its loudness and to find defects of
// sound and picture. It does so once for the speaker's sound, and once more for each interpreter's.
func Analyse() Kind {
	return Kind{
		StageKind: pipelines.StageKind{Name: KindAnalyse, Synonyms: []string{"analyze", "measure", "loudness"}, Needs: []string{KindIndex}, Unique: true},
		Version:   3,
		Expand:    expandAnalyse,
	}
}

// analyseResult is the result of the analyse stage: the speaker's sound, then each
// interpreter's.
type analyseResult []analysedSound

// analysedSound is one sound of the talk as each recording has it.
type analysedSound struct {
	conference.AudioSource
	keys     []action.Key
	analyses []media.Analysis
	sounds   []recordingSound
	streams  []int // index in the container; -1 where the recording has no sound

	opening, closing clipAnalysis // of the conference's clips
}

func expandAnalyse(x *Expansion) (any, error) {
	reel := firstNeeded[Reel](x)
	opening, ok, err := analyseClip(x, reel.clips.opening, "opening")
	if err != nil {
		return nil, err
	}
	closing, known, err := analyseClip(x, reel.clips.closing, "closing")
	if err != nil {
		return nil, err
	}
	var result analyseResult
	waiting := !ok || !known
	for i, sound := range programmeSounds(x.Facts) {
		where := ""
		if i > 0 {
			where = sound.Language + "/"
		}
		h, ok, err := addAnalyses(x, reel, sound, where)
		if err != nil {
			return nil, err
		}
		waiting = waiting || !ok
		h.opening, h.closing = opening, closing
		result = append(result, h)
	}
	if waiting {
		return nil, errAwaitingObservation
	}
	noteAnalyses(x, reel, result)
	x.graph.Issues = findIssues(reel, result[0], x.Facts)
	return result, nil
}

// noteAnalyses passes on the notes of the analyses.
func noteAnalyses(x *Expansion, reel Reel, all analyseResult) {
	for _, h := range all {
		for i, a := range h.analyses {
			for _, note := range a.Notes {
				x.Note("%s: %s", reel.Sources[i].Name, note)
			}
		}
	}
}

// programmeSounds returns the sounds that the programme is made with: the talk's own, then the
// interpreters'. Channels that the facts choose apply to the talk's own.
func programmeSounds(facts conference.Facts) []conference.AudioSource {
	floor := facts.Processing.Floor
	floor.Language = facts.Talk.Language
	if asked := facts.Channels; asked != "" && asked != conference.ChannelsAuto {
		floor.Channels = asked
	}
	return append([]conference.AudioSource{floor}, facts.Processing.Interpreters...)
}

// checkSoundsDistinct returns an *inputerr.Error if two sounds have the same language or use the
// same channel, or are to be two channels of a stream that is mono.
func checkSoundsDistinct(sources []Source, sounds []conference.AudioSource) error {
	for i, sound := range sounds {
		for _, other := range sounds[:i] {
			if sound.Language == other.Language {
				return inputerr.Coded("sound.language_repeated", "two sounds are in {name}", "name", subtitle.EnglishLanguageName(sound.Language), "language", sound.Language).In("sound").
					Hint("Set the languages of the interpreters, and of the talk, in the talk's file.")
			}
			if !sound.DisjointFrom(other) {
				return inputerr.Coded("sound.channel_repeated", "the interpreter into {name} uses the same channel as another voice", "name", subtitle.EnglishLanguageName(sound.Language), "language", sound.Language).In("sound").
					Hint("Choose another --channels, or leave it out.")
			}
			for _, s := range sources {
				at := max(1, sound.Stream)
				if terms, _ := sound.Channels.Terms(); terms != nil {
					break // a channel that is not there is refused where it is chosen
				}
				if at == max(1, other.Stream) && at <= len(s.Probe.Audio) && s.Probe.Audio[at-1].Channels < 2 {
					return inputerr.Coded("sound.mono", "sound stream {stream} is mono, but two voices are assigned to its channels", "stream", at).In(s.Name).
						Hint("Set the stream and channel of each under sound: in the talk's file.")
				}
			}
		}
	}
	return nil
}

// AnalyseSpec holds the parameters of an analysis. All of the probe is part of the key, its
// notes included.
type AnalyseSpec struct {
	media.Probe
	SoundOnly bool             `json:"unseen,omitempty"` // leave the picture to another analysis
	Mix       []media.MixInput `json:"mix,omitempty"`    // analyse a mix of these instead of the first sound stream
	Survey    bool             `json:"survey,omitempty"` // find the channels with the voice
}

// addAnalyses adds the actions that analyse one sound in each recording, and returns their results.
// where precedes the recording's place within the stage. ok is false as long as a result is
// missing. It returns an *inputerr.Error if a recording has no such sound stream.
func addAnalyses(x *Expansion, reel Reel, sound conference.AudioSource, where string) (h analysedSound, ok bool, err error) {
	h, ok = analysedSound{AudioSource: sound}, true
	for i, s := range reel.Sources {
		chosen, err := chooseSound(sound, s, x.Facts.Processing.Interpreters)
		if err != nil {
			return h, false, err
		}
		chosen.spec.SoundOnly = where != "" && (sound.Stream > 1 || len(chosen.spec.Mix) > 0)
		key, err := x.AddAction(fmt.Sprintf("%sr%d", where, i+1), chosen.spec, map[string]action.Key{RoleRecording: s.Key})
		if err != nil {
			return h, false, err
		}
		a, there, err := observeAs[media.Analysis](x, key)
		if err != nil {
			return h, false, err
		}
		if chosen.spec.Survey {
			chosen.stream = a.Stream
		}
		ok = ok && there
		h.keys, h.analyses, h.sounds, h.streams = append(h.keys, key), append(h.analyses, a), append(h.sounds, chosen), append(h.streams, chosen.stream)
	}
	return h, ok, nil
}
