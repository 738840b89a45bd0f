package worker

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/timeline"
)

// doSprite lays out the programme's stills as sprite sheets, writes the WebVTT in which players
// look up where each still is, and writes a contact sheet for people.
func doSprite(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[plan.SpriteSpec](a)
	if err != nil {
		return err
	}
	chunks, err := t.stillsByChunk(ctx, a)
	if err != nil {
		return err
	}
	strips, err := t.InputPaths(ctx, a, plan.RoleStills, plan.StillsFile)
	if err != nil {
		return err
	}
	if len(chunks) != len(spec.Chunks) || len(strips) != len(chunks) {
		return fmt.Errorf("there are stills of %d chunks, and not of %d", len(chunks), len(spec.Chunks))
	}
	tiles := buildTiles(spec, chunks)
	sheets := media.SpriteSheets{Width: spec.Width, Height: spec.Height, Tiles: len(tiles), PerSheet: plan.SheetTiles}
	var names []string
	for n := range sheets.Count() {
		names = append(names, plan.SheetFile(n))
	}
	if err := sheets.Write(t.Dir, names, strips, func(i int) (strip, nth int) { return tiles[i].chunk, tiles[i].nth }); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.Dir, plan.SpriteVTT), spriteVTT(spec, sheets, tiles), 0o600); err != nil {
		return err
	}
	if err := writeContactSheet(spec, tiles, strips, filepath.Join(t.Dir, plan.ContactFile)); err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, nil, nil, append(names, plan.SpriteVTT, plan.ContactFile)...)
}

// tile is a still and its place in the programme.
type tile struct {
	chunk, nth int // place among the stills: number in its chunk
	score      float64
	span       timeline.Range // frames of the programme that it represents
	at         int64          // frame of the programme that it shows
}

// buildTiles returns one tile for each still, in programme order. Their spans cover the programme
// without a gap: that of the first tile includes the opening card, and that of the last the
// closing card.
func buildTiles(spec plan.SpriteSpec, chunks [][]media.Still) (tiles []tile) {
	for i, chunk := range chunks {
		from := spec.Chunks[i].At
		for k, still := range chunk {
			until := spec.Chunks[i].At + spec.Chunks[i].Until[k]
			tiles = append(tiles, tile{
				chunk: i, nth: k, score: still.Score,
				span: timeline.Range{From: from, To: until}, at: spec.Chunks[i].At + still.Frame,
			})
			from = until
		}
	}
	if len(tiles) > 0 {
		tiles[0].span.From, tiles[len(tiles)-1].span.To = 0, spec.Programme
	}
	return tiles
}

// spriteVTT returns a WebVTT with a cue for each tile. A cue's text names the sheet and the
// tile's rectangle in it as a media fragment
// (https://www.w3.org/TR/media-frags/#naming-space).
func spriteVTT(spec plan.SpriteSpec, sheets media.SpriteSheets, tiles []tile) []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	for i, t := range tiles {
		sheet, at := sheets.TileAt(i)
		fmt.Fprintf(&b, "\n%s --> %s\n%s-%s#xywh=%d,%d,%d,%d\n", timeline.FormatTimestamp(spec.Rate.Time(t.span.From)), timeline.FormatTimestamp(spec.Rate.Time(t.span.To)),
			spec.Slug, plan.SheetFile(sheet), at.Min.X, at.Min.Y, at.Dx(), at.Dy())
	}
	return b.Bytes()
}

// The tiles of a contact sheet.
const (
	contactColumns = 4
	contactRows    = 6
)

// writeContactSheet writes a sheet of stills with their times to out. The stills are divided into
// as many equal parts as there is room for, and the one with the highest score of each is taken.
func writeContactSheet(spec plan.SpriteSpec, tiles []tile, strips []string, out string) error {
	var chosen []tile
	n := min(contactColumns*contactRows, len(tiles))
	for part := range n {
		best := tiles[part*len(tiles)/n]
		for _, t := range tiles[part*len(tiles)/n : (part+1)*len(tiles)/n] {
			if t.score > best.score {
				best = t
			}
		}
		chosen = append(chosen, best)
	}
	var shown []media.ContactStill
	for _, t := range chosen {
		at := image.Rect(0, t.nth*spec.Height, spec.Width, (t.nth+1)*spec.Height)
		shown = append(shown, media.ContactStill{Path: strips[t.chunk], At: at, Label: timeline.FormatShortClock(spec.Rate.Time(t.at))})
	}
	return media.WriteContactSheet(shown, contactColumns, out)
}
