package bundle

import (
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/subtitle"
)

// checkSprites follows each WebVTT of a sprite to its sheets, as a player would: its cues cover the
// programme without a gap, and each names a part of a picture that is there.
func (v *verifier) checkSprites() error {
	for _, f := range v.filesWithRole(RoleContactSheet) {
		_, err := v.decodeJPEG(f.Path)
		v.record(f.Path, "contact sheet", "a whole JPEG", err)
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
		v.record(f.Path, "sprite", fmt.Sprintf("%d tiles, over the whole programme", n), err)
	}
	return nil
}

// checkSprite counts the tiles that a WebVTT names.
func (v *verifier) checkSprite(file string, data []byte) (n int, err error) {
	doc, err := subtitle.Parse(file, data, subtitle.Options{})
	if err != nil {
		return 0, err
	}
	sheets := make(map[string]image.Rectangle)
	var end time.Duration
	for _, c := range doc.Cues {
		if !withinMillisecond(c.Start, end) {
			return 0, fmt.Errorf("its line %d: nothing is shown from %v to %v", c.Line, end, c.Start)
		}
		end = c.End
		name, at, err := parseFragment(c.Text)
		if err != nil {
			return 0, fmt.Errorf("its line %d: %w", c.Line, err)
		}
		sheet := path.Join(path.Dir(file), name)
		if _, read := sheets[sheet]; !read {
			if _, there := v.hashes[sheet]; !there {
				return 0, fmt.Errorf("its line %d names %s, which is missing", c.Line, name)
			}
			if sheets[sheet], err = v.decodeJPEG(sheet); err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
		}
		if at.Empty() || !at.In(sheets[sheet]) {
			return 0, fmt.Errorf("its line %d: %v is no part of %s, which is %v", c.Line, at, name, sheets[sheet].Size())
		}
	}
	if whole := v.content.Edition.Programme.Duration(); !withinMillisecond(end, whole) {
		return 0, fmt.Errorf("it ends at %v, and the programme lasts %v", end, whole)
	}
	return len(doc.Cues), nil
}

// parseFragment is the file and the rectangle that "sheet.jpg#xywh=0,90,160,90" names.
func parseFragment(text string) (name string, at image.Rectangle, err error) {
	name, place, ok := strings.Cut(text, "#xywh=")
	var x, y, w, h int
	if n, err := fmt.Sscanf(place, "%d,%d,%d,%d", &x, &y, &w, &h); !ok || n != 4 || err != nil || strings.Contains(name, "/") {
		return "", at, fmt.Errorf("%q is no part of a picture", text)
	}
	return name, image.Rect(x, y, x+w, y+h), nil
}

// decodeJPEG decodes a JPEG, to see that it is whole.
func (v *verifier) decodeJPEG(file string) (image.Rectangle, error) {
	f, err := os.Open(v.path(file))
	if err != nil {
		return image.Rectangle{}, err
	}
	defer f.Close()
	picture, err := jpeg.Decode(f)
	if err != nil {
		return image.Rectangle{}, errors.New("it is no whole JPEG")
	}
	return picture.Bounds(), nil
}
