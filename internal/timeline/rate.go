// Package timeline is Lectern's arithmetic of time: frames, ranges and cuts on a
// constant frame rate, and the way between reel time and programme time.
//
// Positions in the picture are whole frames and rates are exact rationals, so
// nothing here ever rounds twice. A time.Duration appears only where people and
// subtitle files speak of time; it is rounded to the nearest frame once, on the
// way in, or to the nearest nanosecond once, on the way out.
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

// ParseRate reads "25", "25/1" or "30000/1001".
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

// String gives "25/1" or "30000/1001", the way ffmpeg writes a rate.
func (r Rate) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

// MarshalText and UnmarshalText write a rate as its String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Rate) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRate(string(b))
	return err
}

// IsZero reports whether the rate was never set.
func (r Rate) IsZero() bool { return r == Rate{} }

// Less reports whether r is slower than o.
func (r Rate) Less(o Rate) bool { return r.Num*o.Den < o.Num*r.Den }

// Frame is the number of the frame nearest to t; halves go up.
func (r Rate) Frame(t time.Duration) int64 {
	return Rescale(int64(t), r.Num, r.Den*int64(time.Second))
}

// Time is when frame n begins, to the nearest nanosecond.
func (r Rate) Time(n int64) time.Duration {
	return time.Duration(Rescale(n, r.Den*int64(time.Second), r.Num))
}

// Samples is how many audio samples at hz a second play before frame n begins,
// rounded: round(n × hz / rate). Edges of audio are placed by it, so that errors
// never add up.
func (r Rate) Samples(n int64, hz int) int64 {
	return Rescale(n, r.Den*int64(hz), r.Num)
}

// Rescale is round(v × num / den) without overflow; halves go away from zero.
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

// standardRates are the rates cameras and screen recorders mean to produce.
var standardRates = []Rate{
	{24000, 1001}, {24, 1}, {25, 1}, {30000, 1001}, {30, 1}, {48, 1}, {50, 1}, {60000, 1001}, {60, 1},
}

// NearestStandard is the standard rate nearest to r, at most 60 frames a second; a slow
// screen recording (15, 10 or fewer frames a second) keeps a whole rate of its own.
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

// distance is |r-s| on a common scale fine enough to tell 29.97 from 30.
func (r Rate) distance(s Rate) int64 {
	d := Rescale(r.Num, 1_000_000, r.Den) - Rescale(s.Num, 1_000_000, s.Den)
	return max(d, -d)
}
