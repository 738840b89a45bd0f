// Package timeline does exact arithmetic on video time: frame rates, ranges of frames, the
// grid of chunks, and the conversion between reel time (a talk's recordings end to end) and
// programme time (what a viewer watches). It also parses and formats clock times.
//
// Positions in a video are whole frames and rates are exact fractions, so errors do not add
// up. A time.Duration appears only where people and subtitle files deal in time. It is rounded
// to the nearest frame once, on the way in, or to the nearest nanosecond once, on the way out.
package timeline

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Rate is a frame rate in frames a second, Num/Den in lowest terms.
type Rate struct {
	Num, Den int64
}

// ParseRate parses a frame rate above zero: "25", "25/1" or "30000/1001".
func ParseRate(s string) (Rate, error) {
	num, den, fraction := strings.Cut(s, "/")
	r := Rate{Den: 1}
	var err error
	if r.Num, err = strconv.ParseInt(num, 10, 64); err != nil {
		return Rate{}, fmt.Errorf("frame rate %q is not a number or a fraction", s)
	}
	if fraction {
		if r.Den, err = strconv.ParseInt(den, 10, 64); err != nil {
			return Rate{}, fmt.Errorf("frame rate %q is not a number or a fraction", s)
		}
	}
	if r.Num <= 0 || r.Den <= 0 {
		return Rate{}, fmt.Errorf("frame rate %q is not above zero", s)
	}
	d := new(big.Int).GCD(nil, nil, big.NewInt(r.Num), big.NewInt(r.Den)).Int64()
	return Rate{r.Num / d, r.Den / d}, nil
}

// String returns the rate as ffmpeg writes it: "25/1" or "30000/1001".
func (r Rate) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// MarshalText returns the rate as String does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses a frame rate as ParseRate does.
func (r *Rate) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRate(string(b))
	return err
}

// IsZero reports whether r is the zero value, which is no frame rate.
func (r Rate) IsZero() bool { return r == Rate{} }

// Less reports whether r is slower than o.
func (r Rate) Less(o Rate) bool { return r.Num*o.Den < o.Num*r.Den }

// Frame returns the number of the frame nearest to t. Halves round away from zero.
func (r Rate) Frame(t time.Duration) int64 {
	return Rescale(int64(t), r.Num, r.Den*int64(time.Second))
}

// Time returns when frame n begins, to the nearest nanosecond.
func (r Rate) Time(n int64) time.Duration {
	return time.Duration(Rescale(n, r.Den*int64(time.Second), r.Num))
}

// Samples returns how many audio samples play before frame n begins, at hz samples a second:
// round(n × hz / rate). Audio is cut at these positions, always counted from the start, so
// that rounding errors do not add up.
func (r Rate) Samples(n int64, hz int) int64 {
	return Rescale(n, r.Den*int64(hz), r.Num)
}

// Rescale returns round(v × num / den), without overflow. Halves round away from zero; den
// must be above zero.
func Rescale(v, num, den int64) int64 {
	n := new(big.Int).Mul(big.NewInt(v), big.NewInt(num))
	neg := n.Sign() < 0
	n.Abs(n)
	n.Lsh(n, 1).Add(n, big.NewInt(den))
	n.Quo(n, new(big.Int).Lsh(big.NewInt(den), 1))
	if neg {
		n.Neg(n)
	}
	return n.Int64()
}

// standardRates are the rates that cameras and screen recorders aim for.
var standardRates = []Rate{
	{24000, 1001}, {24, 1}, {25, 1}, {30000, 1001}, {30, 1}, {48, 1}, {50, 1}, {60000, 1001}, {60, 1},
}

// NearestStandard returns the standard rate nearest to r, at most 60 frames a second. A rate
// of up to 20 frames a second, as screen recorders use, is rounded to a whole number instead.
func (r Rate) NearestStandard() Rate {
	if r.Num <= 20*r.Den {
		return Rate{max(1, Rescale(r.Num, 1, r.Den)), 1}
	}
	best := standardRates[0]
	for _, s := range standardRates {
		if r.distance(s) < r.distance(best) {
			best = s
		}
	}
	return best
}

// distance returns |r-s| in millionths of a frame a second, fine enough to tell 29.97 from 30.
func (r Rate) distance(s Rate) int64 {
	d := Rescale(r.Num, 1_000_000, r.Den) - Rescale(s.Num, 1_000_000, s.Den)
	return max(d, -d)
}
