//go:build slow

package media

import (
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Slides in 4:3 that start 0.6 s late are shown beside a camera. Both flash at three seconds.
func TestEncode_SideBySide(t *testing.T) {
	for _, name := range []string{"two.mkv", "two.ts"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := filepath.Join(dir, name)
			slides := "color=gray:s=240x180:r=25:d=4.2,drawbox=enable='between(t,2.38,2.57)':c=white:t=fill"
			camera := "color=gray:s=320x180:r=25:d=6,drawbox=enable='between(t,2.98,3.17)':c=white:t=fill"
			args := []string{"-f", "lavfi", "-i", camera, "-itsoffset", "0.6", "-f", "lavfi", "-i", slides, "-f", "lavfi", "-i", "sine=d=6",
				"-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", in}
			runFFmpeg(t, args...)
			pics, in := encodeSideBySide(t, in)
			if pics.SideBySide == nil || pics.SideBySide.Width != 320 || pics.SideBySide.Height != 180 {
				t.Fatalf("the frame is %+v; want 320×180", pics.SideBySide)
			}
			cut, out := timeline.Range{From: 50, To: 150}, filepath.Join(dir, "out.mp4")
			tl := tools(t)
			if _, err := tl.Encode(t.Context(), in, pics, cut, []EncodeOutput{{Width: 320, Height: 180, Encoding: small, Path: out}}, dir, nil); err != nil {
				t.Fatal(err)
			}
			gray := runFFmpeg(t, "-i", out, "-vf", "scale=32:18", "-f", "rawvideo", "-pix_fmt", "gray", "-")
			left, right := flash(gray, 10), flash(gray, 26)
			if left != right || left < 24 || left > 26 {
				t.Errorf("the slides flash with frame %d, the camera with frame %d of 100; want about 25", left, right)
			}
			if slides, over := gray[2*32+10], gray[2*32+26]; slides < 100 || over > 20 {
				t.Errorf("high up, the slides are of %d and what is over the camera of %d; want them gray and it black", slides, over)
			}
		})
	}
}
