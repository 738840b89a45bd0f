package plan

import (
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// clipSources are the conference's own clips that every programme begins and ends with; nil if
// there is none. They are probed and indexed like recordings, but are not part of the reel.
type clipSources struct {
	opening, closing *Source
}

// clipFrames returns the length of a clip in frames, or 0 if it is nil.
func clipFrames(clip *Source) int64 {
	if clip == nil {
		return 0
	}
	return clip.Frames
}

// cardDurations returns how long the cards are shown, as the pipeline sets it. It is 0 for a card
// that a clip of the conference replaces.
func (x *Expansion) cardDurations() (opening, closing time.Duration) {
	opening, closing = x.Pipeline.Programme.Opening, x.Pipeline.Programme.Closing
	look := x.Facts.Conference.Cards
	if look == nil || !look.ClipsReplaceCards {
		return opening, closing
	}
	if look.OpeningClip != nil {
		opening = 0
	}
	if look.ClosingClip != nil {
		closing = 0
	}
	return opening, closing
}

// probeClips adds the actions that probe and index the conference's clips, and returns the clips.
// ok is false as long as the result of one is missing. It returns an *inputerr.Error if a clip has
// no picture.
func probeClips(x *Expansion) (found clipSources, ok bool, err error) {
	look := x.Facts.Conference.Cards
	if look == nil {
		return clipSources{}, true, nil
	}
	ok = true
	for _, c := range []struct {
		where string
		asset *conference.Asset
		into  **Source
	}{{"opening", look.OpeningClip, &found.opening}, {"closing", look.ClosingClip, &found.closing}} {
		if c.asset == nil {
			continue
		}
		source, there, err := probeClip(x, "clip/"+c.where, c.asset)
		if err != nil {
			return clipSources{}, false, err
		}
		ok = ok && there
		*c.into = &source
	}
	return found, ok, nil
}

func probeClip(x *Expansion, where string, asset *conference.Asset) (s Source, ok bool, err error) {
	s = Source{Key: action.Key(asset.SHA256), Name: asset.Name}
	probe, err := x.addActionOfKind(action.Action{Kind: KindProbe}, where+"/probe", RecordingSpec{}, map[string]action.Key{RoleRecording: s.Key})
	if err != nil {
		return s, false, err
	}
	if s.Probe, ok, err = observeAs[media.Probe](x, probe); err != nil || !ok {
		return s, false, err
	}
	if s.Probe.Video == nil {
		return s, false, inputerr.Coded("clip.no_picture", "is set as a clip, but has no picture").In(asset.Name).Hint("Choose another file under cards: in conference.yaml")
	}
	if s.Probe.Indexed {
		return s, true, nil
	}
	if s.Key, err = x.AddAction(where, RecordingSpec{}, map[string]action.Key{RoleRecording: s.Key, RoleProbe: probe}); err != nil {
		return s, false, err
	}
	s.Probe, ok, err = observeAs[media.Probe](x, s.Key)
	return s, ok, err
}

// addClipActions adds the actions that encode a clip's chunks in all renditions, and returns the
// segments' keys by rendition name. where is the clip's place within the stage. A nil clip has
// none.
func addClipActions(x *Expansion, reel Reel, clip *Source, where string, all encodedRenditions) (segments map[string][]action.Key, err error) {
	segments = make(map[string][]action.Key)
	if clip == nil {
		return segments, nil
	}
	grid := timeline.Grid{Rate: reel.Programme.Rate, Interval: x.Pipeline.Programme.Chunk, MinChunk: minChunk}
	for n, r := range grid.Chunks(timeline.Range{To: clip.Frames}) {
		for _, to := range all {
			key, err := addEncodeAction(x, to, *clip, reel.Programme.Rate, fmt.Sprintf("%s/%d", where, n), media.EncodeSpec{Range: r})
			if err != nil {
				return nil, err
			}
			segments[to.Name] = append(segments[to.Name], key)
		}
	}
	return segments, nil
}

// analyseClip adds the action that analyses a clip's sound, and returns the result. ok is false as
// long as that is missing. A nil clip needs none.
func analyseClip(x *Expansion, clip *Source, where string) (heard clipAnalysis, ok bool, err error) {
	if clip == nil {
		return heard, true, nil
	}
	if heard.key, err = x.AddAction("clip/"+where, AnalyseSpec{Probe: clip.Probe, SoundOnly: true}, map[string]action.Key{RoleRecording: clip.Key}); err != nil {
		return heard, false, err
	}
	heard.analysis, ok, err = observeAs[media.Analysis](x, heard.key)
	return heard, ok, err
}

// clipAnalysis is the sound analysis of a clip.
type clipAnalysis struct {
	key      action.Key
	analysis media.Analysis
}

// audioPiece returns the clip's sound as a piece of the programme, and adds the clip and its
// analysis to inputs, which must hold exactly these two for each earlier source. It returns
// nil for a nil clip.
func (h clipAnalysis) audioPiece(clip *Source, rate timeline.Rate, inputs map[string]action.Key) *media.AudioPiece {
	if clip == nil {
		return nil
	}
	n := len(inputs) / 2
	inputs[NumberedRole(RoleRecording, n)] = clip.Key
	inputs[NumberedRole(RoleAnalysis, n)] = h.key
	return &media.AudioPiece{
		Recording: n, Stream: h.analysis.Stream, Zero: clip.Probe.Zero(rate),
		Range: timeline.Range{To: clip.Frames}, Channels: h.analysis.SuggestedChannels, Unfiltered: true,
		ClickLevel: h.analysis.ClickLevel,
	}
}
