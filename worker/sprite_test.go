package worker

import (
	"testing"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/timeline"
)

// The tiles cover the programme without a gap: the cards belong to the tiles next to them, and
// at a cut one tile ends where the next begins.
func TestSpriteVTT(t *testing.T) {
	spec := plan.SpriteSpec{
		Slug: "apis", Rate: timeline.Rate{Num: 25, Den: 1}, Programme: 125 + 225 + 50 + 100, Width: 320, Height: 180,
		Chunks: []plan.SpriteChunk{{At: 125, Until: []int64{125, 225}}, {At: 125 + 225, Until: []int64{50}}},
	}
	tiles := buildTiles(spec, [][]media.Still{{{Frame: 60}, {Frame: 180}}, {{Frame: 10}}})
	got := string(spriteVTT(spec, media.SpriteSheets{Width: 320, Height: 180, Tiles: len(tiles), PerSheet: 2}, tiles))
	want := `WEBVTT

00:00:00.000 --> 00:00:10.000
apis-sprite-01.jpg#xywh=0,0,160,90

00:00:10.000 --> 00:00:14.000
apis-sprite-01.jpg#xywh=160,0,160,90

00:00:14.000 --> 00:00:20.000
apis-sprite-02.jpg#xywh=0,0,160,90
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if tiles[2].at != 360 {
		t.Errorf("the last tile is of frame %d of the programme, want 360", tiles[2].at)
	}
}
