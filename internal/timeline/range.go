package timeline

import "time"

// Range is the half-open range of frames [From, To).
type Range struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Len returns the number of frames in the range.
func (r Range) Len() int64 { return r.To - r.From }

// Intersect returns the frames that r and o share. Its Len is zero or less if they share none.
func (r Range) Intersect(o Range) Range {
	return Range{max(r.From, o.From), min(r.To, o.To)}
}

// Shift returns the range moved by n frames.
func (r Range) Shift(n int64) Range { return Range{r.From + n, r.To + n} }

// Frames returns the total number of frames in ranges.
func Frames(ranges []Range) (n int64) {
	for _, r := range ranges {
		n += r.Len()
	}
	return n
}

// Grid says where chunks may begin and end: at each multiple of Interval, on the nearest whole
// frame. Because the grid is fixed, moving one end of a range changes only the chunk at that
// end.
type Grid struct {
	Rate     Rate
	Interval time.Duration
	MinChunk time.Duration // a shorter chunk at either end of a range is merged with its neighbour
}

// Chunks divides r along the grid. The chunks are ascending, touch one another and cover r
// exactly. An empty range has none.
func (g Grid) Chunks(r Range) []Range {
	if r.Len() <= 0 {
		return nil
	}
	least := g.Rate.Frame(g.MinChunk)
	var chunks []Range
	from := r.From
	for k := int64(g.Rate.Time(r.From) / g.Interval); ; k++ {
		line := g.Rate.Frame(time.Duration(k) * g.Interval)
		if line <= from || line-from < least && from == r.From {
			continue
		}
		if line >= r.To || r.To-line < least {
			return append(chunks, Range{from, r.To})
		}
		chunks = append(chunks, Range{from, line})
		from = line
	}
}
