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
	Key    action.Key  // of the original or, if it had to be indexed, of its index
	Probe  media.Probe // of that
	Name   string
	Offset int64 // where it begins on the reel, in frames
	Frames int64 // how long it is
	Share  int   // per cent of the frame that its picture has where another is beside it; 0 is two thirds
}

// pictures says how to take frames off the recording.
func (s Source) pictures(rate timeline.Rate) media.Pictures { return s.Probe.SideBySide(rate, s.Share) }

// Reel is a talk's recordings laid end to end, and what is kept of it.
type Reel struct {
	Sources   []Source
	Width     int // of the programme's picture, which is that of the first recording
	Height    int
	Programme timeline.Programme
	Pieces    []Piece
	clips     clips
}

// Piece is what one kept range takes from one recording.
type Piece struct {
	Source int            // index
	Range  timeline.Range // frames of the recording
}

// chunk is what is encoded at a time.
type chunk struct {
	Piece
	where string // its name, "r1/17"
	edge  bool   // it begins or ends a piece, and is another when the cut moves a little
}

// chunks are the pieces divided along the grid, in programme order.
func (reel Reel) chunks(every time.Duration) (all []chunk) {
	grid := timeline.Grid{Rate: reel.Programme.Rate, Every: every, Least: leastChunk}
	named := make(map[string]bool)
	for _, piece := range reel.Pieces {
		for _, r := range grid.Chunks(piece.Range) {
			edge := r.From == piece.Range.From || r.To == piece.Range.To
			all = append(all, chunk{Piece{piece.Source, r}, chunkName(grid, piece.Source, r, named), edge})
		}
	}
	return all
}

// within are the spans of reel time that lie in a piece, in frames counted from its first.
// A frame that a span touches belongs to it.
func (reel Reel) within(spans []timeline.Span, piece Piece) (all []timeline.Range) {
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
		if r = r.Shift(-first).Intersect(timeline.Range{To: piece.Range.Len()}); r.Len() > 0 {
			all = append(all, r)
		}
	}
	return all
}

// deep reports whether a recording may have more colours than pictures of eight bits in
// 4:2:0 hold.
func (reel Reel) deep() bool {
	return slices.ContainsFunc(reel.Sources, func(s Source) bool { return !s.Probe.Video.Plain })
}

// chunkName is the recording and the cell of the grid that the chunk's middle lies in,
// which a moved cut point does not change; a second chunk in that cell says so.
func chunkName(grid timeline.Grid, source int, chunk timeline.Range, named map[string]bool) string {
	cell := grid.Rate.Time((chunk.From+chunk.To)/2) / grid.Every
	name := fmt.Sprintf("r%d/%d", source+1, cell)
	for part := 'b'; named[name]; part++ {
		name = fmt.Sprintf("r%d/%d%c", source+1, cell, part)
	}
	named[name] = true
	return name
}

// layReel puts the sources end to end at the programme's rate, and the cut upon them.
func layReel(x *Expansion, sources []Source, clips clips) (Reel, error) {
	reel := Reel{Sources: sources, clips: clips}
	reel.Width, reel.Height = sources[0].Probe.Size()
	rate := sources[0].Probe.Rate()
	if over := x.Pipeline.Programme.Rate; over != nil {
		rate = *over
	}
	var length int64
	for i := range sources {
		sources[i].Offset = length
		sources[i].Frames = sources[i].Probe.Frames(rate)
		length += sources[i].Frames
	}
	for _, c := range []*Source{clips.opening, clips.closing} {
		if c != nil {
			c.Frames = c.Probe.Frames(rate)
		}
	}
	asked, end := x.Facts.Treatment, rate.Time(length)
	if err := cmp.Or(onReel("mute", asked.Mute, end), onReel("blank", asked.Blank, end), apart(sources, sounds(x.Facts))); err != nil {
		return Reel{}, err
	}
	kept, err := reel.keep(x.Facts, rate, length)
	if err != nil {
		return Reel{}, err
	}
	opening, closing := x.cardTimes()
	reel.Programme = timeline.Programme{
		Rate:    rate,
		Opening: frames(clips.opening) + rate.Frame(opening),
		Kept:    kept,
		Closing: rate.Frame(closing) + frames(clips.closing),
	}
	for _, k := range kept {
		for i, s := range sources {
			if r := k.Intersect(timeline.Range{From: s.Offset, To: s.Offset + s.Frames}); r.Len() > 0 {
				reel.Pieces = append(reel.Pieces, Piece{i, r.Shift(-s.Offset)})
			}
		}
	}
	x.graph.Edition, err = edition(x.Facts, reel.Programme)
	return reel, err
}

// onReel refuses passages, to be muted, say, that begin where the reel has ended: who asks
// for silence somewhere would have none.
func onReel(what string, passages []timeline.Span, length time.Duration) error {
	for _, p := range passages {
		if p.From >= length {
			return inputerr.New(what+": "+timeline.FormatClock(p.From)+"-"+timeline.FormatClock(p.To),
				"begins after the end of the recordings, which are %s long together", timeline.FormatClock(floorMillis(length))).
				Try("Mend it in the talk's file; times count from the start of the first recording")
		}
	}
	return nil
}

// edition names a programme.
func edition(facts conference.Facts, p timeline.Programme) (*conference.Edition, error) {
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

// keep turns the cut that a person gave into frames of the reel, and refuses one that
// does not fit it.
func (reel Reel) keep(facts conference.Facts, rate timeline.Rate, length int64) ([]timeline.Range, error) {
	if len(facts.Cut) == 0 {
		return []timeline.Range{{From: 0, To: length}}, nil
	}
	var kept []timeline.Range
	for i, k := range facts.Cut {
		r, err := reel.keepOne(k, rate, length)
		if err != nil {
			return nil, err
		}
		if i > 0 && r.From < kept[i-1].To {
			return nil, wrongCut(k, "overlaps or comes before the one given before it, %s", CutText(facts.Cut[i-1])).
				Try("Give the kept ranges in the order they are played, each after the end of the last")
		}
		kept = append(kept, r)
	}
	return join(kept), nil
}

func (reel Reel) keepOne(k conference.Keep, rate timeline.Rate, length int64) (timeline.Range, error) {
	begin, end, name := int64(0), length, "the recording"
	if len(reel.Sources) > 1 {
		name = "the reel of all recordings"
	}
	if k.Recording > len(reel.Sources) {
		return timeline.Range{}, wrongCut(k, "names recording %d, but there %s", k.Recording, only(len(reel.Sources)))
	}
	if k.Recording > 0 {
		s := reel.Sources[k.Recording-1]
		begin, end, name = s.Offset, s.Offset+s.Frames, s.Name
	}
	if k.To == k.From {
		return timeline.Range{}, wrongCut(k, "ends where it begins, and keeps nothing").Try("Write it as FROM-TO, and leave out what is not to be kept")
	}
	if k.To < k.From {
		return timeline.Range{}, wrongCut(k, "ends before it begins").Try("Write it as FROM-TO, the earlier time first")
	}
	r := timeline.Range{From: begin + rate.Frame(k.From), To: begin + rate.Frame(k.To)}
	if r.To == end+1 { // the last frame may end a little before the container does
		r.To = end
	}
	if r.From >= end || r.To > end {
		length := timeline.FormatClock(floorMillis(rate.Time(end - begin)))
		return timeline.Range{}, wrongCut(k, "lies outside %s, which is %s long", name, length).Try("Let it end at %s at the latest", length)
	}
	if r.Len() < 1 {
		return timeline.Range{}, wrongCut(k, "is shorter than a frame")
	}
	return r, nil
}

// join makes one of ranges that touch, so that no needless chunk edge comes between.
func join(ranges []timeline.Range) []timeline.Range {
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

func wrongCut(k conference.Keep, format string, args ...any) *inputerr.Fault {
	return inputerr.New("--cut "+CutText(k), format, args...)
}

// sortedRoles gives inputs names that sort in their order.
func sortedRoles(role string, keys []action.Key, into map[string]action.Key) {
	for i, k := range keys {
		into[fmt.Sprintf("%s/%05d", role, i)] = k
	}
}

func only(n int) string {
	if n == 1 {
		return "is only one"
	}
	return fmt.Sprintf("are only %d", n)
}
