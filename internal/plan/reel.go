package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Source is one recording as the later stages read it.
type Source struct {
	Key               action.Key  // of the original or, if it had to be indexed, of the copy
	Probe             media.Probe // of the file under Key
	Name              string
	Offset            int64 // frames on the reel before it
	Frames            int64 // length
	FirstWidthPercent int   // side by side: per cent of the frame's width for the first picture; 0 is two thirds
}

// frames returns how to take frames off the recording at a frame rate, with both of its videos side
// by side if it has two.
func (s Source) frames(rate timeline.Rate) media.FrameSource {
	return s.Probe.SideBySideFrames(rate, s.FirstWidthPercent)
}

// Reel is a talk's recordings laid end to end, and the parts of them that are kept.
type Reel struct {
	Sources   []Source
	Width     int // of the programme's picture: as in the first recording
	Height    int
	Programme timeline.Programme
	Pieces    []Piece
	clips     clipSources
}

// Piece is the part of one recording that a kept range covers.
type Piece struct {
	Source int            // index
	Range  timeline.Range // frames of the recording
}

// chunk is a part of a piece that is encoded as one segment.
type chunk struct {
	Piece
	name string // "r1/17": recording and cell of the grid
	edge bool   // it begins or ends a piece, so it changes when the cut is moved
}

// chunks divides the pieces at the boundaries of a grid with cells of length every, in the
// programme's order.
func (reel Reel) chunks(every time.Duration) (all []chunk) {
	grid := timeline.Grid{Rate: reel.Programme.Rate, Interval: every, MinChunk: minChunk}
	named := make(map[string]bool)
	for _, piece := range reel.Pieces {
		for _, r := range grid.Chunks(piece.Range) {
			edge := r.From == piece.Range.From || r.To == piece.Range.To
			all = append(all, chunk{Piece{piece.Source, r}, chunkName(grid, piece.Source, r, named), edge})
		}
	}
	return all
}

// framesWithin returns the parts of the spans that overlap a piece, as frames counted from the
// piece's first. The spans are in reel time. A frame that a span only partly covers is included.
func (reel Reel) framesWithin(spans []timeline.Span, piece Piece) (all []timeline.Range) {
	rate := reel.Programme.Rate
	first := reel.Sources[piece.Source].Offset + piece.Range.From
	for _, s := range spans {
		r := timeline.Range{From: rate.Frame(s.From), To: rate.Frame(s.To)}
		if rate.Time(r.From) > s.From {
			r.From--
		}
		if rate.Time(r.To) < s.To {
			r.To++
		}
		r = r.Shift(-first).Intersect(timeline.Range{To: piece.Range.Len()})
		if r.Len() > 0 {
			all = append(all, r)
		}
	}
	return all
}

// hasDeepColour reports whether a recording may have more colour than 8-bit 4:2:0 holds. It errs on
// the side of true.
func (reel Reel) hasDeepColour() bool {
	return slices.ContainsFunc(reel.Sources, func(s Source) bool { return !s.Probe.Video.EncoderReady })
}

// chunkName returns the name of a chunk: its recording and the grid cell of its middle, so that
// moving a cut point does not rename it. A second chunk in the same cell gets a letter. named holds
// the names given so far, to which this one is added.
func chunkName(grid timeline.Grid, source int, chunk timeline.Range, named map[string]bool) string {
	cell := grid.Rate.Time((chunk.From+chunk.To)/2) / grid.Interval
	name := fmt.Sprintf("r%d/%d", source+1, cell)
	for part := 'b'; named[name]; part++ {
		name = fmt.Sprintf("r%d/%d%c", source+1, cell, part)
	}
	named[name] = true
	return name
}

// newReel lays the sources end to end at the programme's frame rate, applies the cut and sets the
// graph's edition. It returns an *inputerr.Error if the cut, or a passage to mute or to blank, does
// not fit the recordings, or if two sounds share a language or a channel.
func newReel(x *Expansion, sources []Source, clips clipSources) (Reel, error) {
	reel := Reel{Sources: sources, clips: clips}
	reel.Width, reel.Height = sources[0].Probe.Size()
	rate := sources[0].Probe.Rate()
	if over := x.Pipeline.Programme.Rate; over != nil {
		rate = *over
	}
	var length int64
	for i := range sources {
		sources[i].Offset = length
		sources[i].Frames = sources[i].Probe.FrameCount(rate)
		length += sources[i].Frames
	}
	for _, c := range []*Source{clips.opening, clips.closing} {
		if c != nil {
			c.Frames = c.Probe.FrameCount(rate)
		}
	}
	asked, end := x.Facts.Processing, rate.Time(length)
	if err := cmp.Or(checkWithinReel("mute", asked.Mute, end), checkWithinReel("blank", asked.Blank, end), checkSoundsDistinct(sources, programmeSounds(x.Facts))); err != nil {
		return Reel{}, err
	}
	kept, err := reel.keptRanges(x.Facts, rate, length)
	if err != nil {
		return Reel{}, err
	}
	opening, closing := x.cardDurations()
	reel.Programme = timeline.Programme{
		Rate:    rate,
		Opening: clipFrames(clips.opening) + rate.Frame(opening),
		Kept:    kept,
		Closing: rate.Frame(closing) + clipFrames(clips.closing),
	}
	for _, k := range kept {
		for i, s := range sources {
			if r := k.Intersect(timeline.Range{From: s.Offset, To: s.Offset + s.Frames}); r.Len() > 0 {
				reel.Pieces = append(reel.Pieces, Piece{i, r.Shift(-s.Offset)})
			}
		}
	}
	x.graph.Edition, err = newEdition(x.Facts, reel.Programme)
	return reel, err
}

// checkWithinReel returns an *inputerr.Error if a passage begins after the end of the reel, where
// it would have no effect. what names the setting in the error, such as "mute".
func checkWithinReel(what string, passages []timeline.Span, length time.Duration) error {
	for _, p := range passages {
		if p.From >= length {
			return inputerr.Coded("passage.outside", "begins after the end of the recordings, which are {length} long in total", "length", timeline.FormatClock(floorMillis(length))).
				In(what + ": " + timeline.FormatClock(p.From) + "-" + timeline.FormatClock(p.To)).
				Hint("Correct it in the talk's file; times count from the start of the first recording")
		}
	}
	return nil
}

// newEdition returns the edition of a programme. Its ID is the hash of the recordings' hashes and
// the programme.
func newEdition(facts conference.Facts, p timeline.Programme) (*conference.Edition, error) {
	e := conference.Edition{Programme: p}
	for _, r := range facts.Recordings {
		e.Recordings = append(e.Recordings, r.SHA256)
	}
	b, err := action.Canonical(e)
	if err != nil {
		return nil, err
	}
	e.ID = string(action.KeyOf(b))
	return &e, nil
}

// keptRanges returns the cut as ranges of the reel's frames, or the whole reel if there is no cut.
// Ranges that touch become one. length is the reel's, in frames. It returns an *inputerr.Error if
// the cut does not fit the recordings or is out of order.
func (reel Reel) keptRanges(facts conference.Facts, rate timeline.Rate, length int64) ([]timeline.Range, error) {
	if len(facts.Cut) == 0 {
		return []timeline.Range{{From: 0, To: length}}, nil
	}
	var kept []timeline.Range
	for i, k := range facts.Cut {
		r, err := reel.keptRange(k, rate, length)
		if err != nil {
			return nil, err
		}
		if i > 0 && r.From < kept[i-1].To {
			return nil, inputerr.Coded("cut.order", "overlaps or comes before the one given before it, {before}", "before", FormatCut(facts.Cut[i-1])).In(cutName(k)).
				Hint("Give the kept ranges in the order they are played, each after the end of the one before")
		}
		kept = append(kept, r)
	}
	return joinAdjacent(kept), nil
}

func (reel Reel) keptRange(k conference.KeptRange, rate timeline.Rate, length int64) (timeline.Range, error) {
	begin, end, name := int64(0), length, "the recording"
	if len(reel.Sources) > 1 {
		name = "the reel of all recordings"
	}
	if err := CheckCutRecordings([]conference.KeptRange{k}, len(reel.Sources)); err != nil {
		return timeline.Range{}, err
	}
	if k.Recording > 0 {
		s := reel.Sources[k.Recording-1]
		begin, end, name = s.Offset, s.Offset+s.Frames, s.Name
	}
	if k.To == k.From {
		return timeline.Range{}, inputerr.Coded("cut.empty", "ends where it begins, so it keeps nothing").In(cutName(k)).Hint("Write it as FROM-TO, and leave out what is not to be kept")
	}
	if k.To < k.From {
		return timeline.Range{}, inputerr.Coded("cut.reversed", "ends before it begins").In(cutName(k)).Hint("Write it as FROM-TO, the earlier time first")
	}
	r := timeline.Range{From: begin + rate.Frame(k.From), To: begin + rate.Frame(k.To)}
	if r.To == end+1 { // the last frame may end a little before the container does
		r.To = end
	}
	if r.From >= end || r.To > end {
		length := timeline.FormatClock(floorMillis(rate.Time(end - begin)))
		return timeline.Range{}, inputerr.Coded("cut.outside", "lies outside {name}, which is {length} long", "name", name, "length", length).In(cutName(k)).Hint("Let it end at {length} at the latest")
	}
	if r.Len() < 1 {
		return timeline.Range{}, inputerr.Coded("cut.too_short", "is shorter than a frame").In(cutName(k))
	}
	return r, nil
}

// joinAdjacent merges ranges that touch, in place, which avoids a needless chunk edge between them.
func joinAdjacent(ranges []timeline.Range) []timeline.Range {
	joined := ranges[:1]
	for _, r := range ranges[1:] {
		if last := &joined[len(joined)-1]; last.To == r.From {
			last.To = r.To
		} else {
			joined = append(joined, r)
		}
	}
	return joined
}

func floorMillis(d time.Duration) time.Duration { return d.Truncate(time.Millisecond) }

// cutName returns the name of a kept range in errors: the command line option that sets it.
func cutName(k conference.KeptRange) string { return CutOption + FormatCut(k) }

func onlyCountText(n int) string {
	switch n {
	case 0:
		return "is none yet"
	case 1:
		return "is only one"
	}
	return fmt.Sprintf("are only %d", n)
}

// CheckCutRecordings returns an *inputerr.Error for the first range of a cut that names a recording
// after the last one, or nil.
func CheckCutRecordings(cut []conference.KeptRange, recordings int) error {
	for _, k := range cut {
		if k.Recording > recordings {
			return inputerr.Coded("cut.no_recording", "names recording {recording}, but there {only}",
				"recording", k.Recording, "only", onlyCountText(recordings), "count", recordings).In(cutName(k))
		}
	}
	return nil
}
