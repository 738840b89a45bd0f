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

// clipSources are the conference's own films, which every programme begins and ends with; nil
// where there is none. They are probed, and indexed where they have to be, like recordings,
// and are no part of the reel.
type clipSources struct {
	opening, closing *Source
}

// clipFrames is how long a clip is.
func clipFrames(clip *Source) int64 {
	if clip == nil {
		return 0
	}
	return clip.Frames
}

// cardDurations are how long the cards stand: not at all where clips take their place.
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

// probeClips asks for what the clips are; ok is false while that is not known.
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
	probe, err := x.addActionOfKind(action.Action{Kind: "probe"}, where+"/probe", RecordingSpec{}, map[string]action.Key{"recording": s.Key})
	if err != nil {
		return s, false, err
	}
	if s.Probe, ok, err = observeAs[media.Probe](x, probe); err != nil || !ok {
		return s, false, err
	}
	if s.Probe.Video == nil {
		return s, false, inputerr.New(asset.Name, "has no picture, and is to be a clip of the conference's").Hint("Name another under cards: in conference.yaml")
	}
	if s.Probe.Indexed {
		return s, true, nil
	}
	if s.Key, err = x.AddAction(where, RecordingSpec{}, map[string]action.Key{"recording": s.Key, "probe": probe}); err != nil {
		return s, false, err
	}
	s.Probe, ok, err = observeAs[media.Probe](x, s.Key)
	return s, ok, err
}

// addClipActions adds the actions of a clip's chunks, and gives their keys by rendition.
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

// analyseClip asks for what a clip sounds like; ok is false while that is not known.
func analyseClip(x *Expansion, clip *Source, where string) (heard clipAnalysis, ok bool, err error) {
	if clip == nil {
		return heard, true, nil
	}
	if heard.key, err = x.AddAction("clip/"+where, AnalyseSpec{Probe: clip.Probe, SoundOnly: true}, map[string]action.Key{"recording": clip.Key}); err != nil {
		return heard, false, err
	}
	heard.analysis, ok, err = observeAs[media.Analysis](x, heard.key)
	return heard, ok, err
}

// clipAnalysis is the analysis of a clip.
type clipAnalysis struct {
	key      action.Key
	analysis media.Analysis
}

// audioPiece is the sound of a clip as a piece of a programme, to whose inputs it is added: two
// for each source.
func (h clipAnalysis) audioPiece(clip *Source, rate timeline.Rate, inputs map[string]action.Key) *media.AudioPiece {
	if clip == nil {
		return nil
	}
	place := len(inputs) / 2
	inputs[fmt.Sprintf("recording/%05d", place)] = clip.Key
	inputs[fmt.Sprintf("analysis/%05d", place)] = h.key
	return &media.AudioPiece{
		Recording: place, Stream: h.analysis.Stream, Zero: clip.Probe.Zero(rate),
		Range: timeline.Range{To: clip.Frames}, Channels: h.analysis.SuggestedChannels, Unfiltered: true,
	}
}
