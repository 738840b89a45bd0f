package media

import (
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

func TestIsADTS(t *testing.T) {
	good := []byte{0xff, 0xf1, 0x4c, 0x80, 0x17, 0x7f, 0xfc} // 187 bytes at 48 kHz
	for name, c := range map[string]struct {
		set  map[int]byte
		size int64
		want bool
	}{
		"whole":            {size: 187, want: true},
		"with more behind": {size: 200, want: true},
		"cut off":          {size: 186},
		"no mark":          {set: map[int]byte{1: 0xe1}, size: 187},
		"another layer":    {set: map[int]byte{1: 0xf3}, size: 187},
		"no such rate":     {set: map[int]byte{2: 0x74}, size: 187},
		"no length":        {set: map[int]byte{4: 0, 5: 0x1f}, size: 187},
		"checked, as one":  {set: map[int]byte{1: 0xf0}, size: 187, want: true},
		"checked, as two":  {set: map[int]byte{1: 0xf0, 6: 0xfd}, size: 187},
	} {
		head := slices.Clone(good)
		for i, b := range c.set {
			head[i] = b
		}
		if got := isADTS(head, c.size); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if isADTS(good[:5], 5) {
		t.Error("five bytes are one")
	}
}

func TestAppendToRanges(t *testing.T) {
	var all []timeline.Range
	for _, n := range []int64{3, 4, 5, 9} {
		all = appendToRanges(all, n)
	}
	if got := dropPacketsFilter(all); got != "noise=drop='between(n,3,5)+between(n,9,9)'" {
		t.Error(got)
	}
}
