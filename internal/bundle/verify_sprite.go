package bundle

import (
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// checkSprites records whether the contact sheets are complete, and whether each sprite WebVTT is
// usable by a player: its cues must cover the programme without a gap, and each must name a part of
// a sheet.
func (v *verifier) checkSprites(context.Context) error {
	for _, f := range v.filesWithRole(RoleContactSheet) {
		_, err := v.decodeJPEG(f.Path)
		v.record(f.Path, "contact sheet", "complete JPEG", err)
	}
	for _, f := range v.filesWithRole(RoleSprite) {
		if !strings.HasSuffix(f.Path, ".vtt") {
			continue
		}
		data, err := os.ReadFile(v.path(f.Path))
		if err != nil {
			return err
		}
		n, err := v.checkSprite(f.Path, data)
		v.record(f.Path, "sprite", fmt.Sprintf("%d tiles cover the programme", n), err)
	}
	return nil
}

// checkSprite checks one sprite WebVTT, whose content is data, and returns the number of its tiles
// or the first problem.
func (v *verifier) checkSprite(file string, data []byte) (tiles int, err error) {
	doc, err := subtitle.Parse(file, data, subtitle.Options{})
	if err != nil {
		return 0, err
	}
	sheets := make(map[string]image.Rectangle)
	var end time.Duration
	for _, c := range doc.Cues {
		if !withinMillisecond(c.Start, end) {
			return 0, inputerr.Coded("check.sprite_gap", "line {line}: no tile covers {from} to {to}", "line", c.Line, "from", end, "to", c.Start)
		}
		end = c.End
		name, at, err := parseFragment(c.Text)
		if err != nil {
			return 0, inputerr.Coded("check.sprite_fragment", "line {line}: “{text}” is not FILE#xywh=X,Y,WIDTH,HEIGHT", "line", c.Line, "text", c.Text)
		}
		sheet := path.Join(path.Dir(file), name)
		if _, read := sheets[sheet]; !read {
			if _, there := v.hashes[sheet]; !there {
				return 0, inputerr.Coded("check.sprite_missing", "line {line}: {file} is missing", "line", c.Line, "file", name)
			}
			if sheets[sheet], err = v.decodeJPEG(sheet); err != nil {
				return 0, inputerr.Coded("check.sprite_jpeg", "{file} is not a complete JPEG", "file", name)
			}
		}
		if at.Empty() || !at.In(sheets[sheet]) {
			return 0, inputerr.Coded("check.sprite_outside", "line {line}: {text} is outside of the image", "line", c.Line, "text", c.Text)
		}
	}
	if whole := v.content.Edition.Programme.Duration(); !withinMillisecond(end, whole) {
		return 0, inputerr.Coded("check.sprite_end", "ends at {found}, and the programme lasts {expected}", "found", end, "expected", whole)
	}
	return len(doc.Cues), nil
}

// parseFragment parses the text of a sprite cue, such as "sheet.jpg#xywh=0,90,160,90", into the
// file name and the rectangle.
func parseFragment(text string) (name string, at image.Rectangle, err error) {
	name, box, ok := strings.Cut(text, "#xywh=")
	var x, y, w, h int
	if n, err := fmt.Sscanf(box, "%d,%d,%d,%d", &x, &y, &w, &h); !ok || n != 4 || err != nil || strings.Contains(name, "/") {
		return "", at, fmt.Errorf("%q is not FILE#xywh=X,Y,WIDTH,HEIGHT", text)
	}
	return name, image.Rect(x, y, x+w, y+h), nil
}

// decodeJPEG decodes a JPEG of the bundle completely, and returns its bounds, or an error if it is
// damaged.
func (v *verifier) decodeJPEG(file string) (image.Rectangle, error) {
	f, err := os.Open(v.path(file))
	if err != nil {
		return image.Rectangle{}, err
	}
	defer f.Close()
	picture, err := jpeg.Decode(f)
	if err != nil {
		return image.Rectangle{}, inputerr.Coded("check.jpeg", "is not a complete JPEG")
	}
	return picture.Bounds(), nil
}
