package media

import (
	"bytes"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestASampleAndAPictureOfARecording(t *testing.T) {
	tl := tools(t)
	path := made(t, "in.mkv", "-f", "lavfi", "-i", "aevalsrc=0.2*sin(1000*t)|0:d=3", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10:d=3")
	for _, side := range []string{Mix, Left, Right} {
		var b bytes.Buffer
		if err := tl.Sample(t.Context(), path, 0, side, time.Second, &b); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("\x1aE\xdf\xa3")) {
			t.Errorf("%s: %d bytes, %v; want WebM", side, b.Len(), err)
		}
	}
	var b bytes.Buffer
	if err := tl.Picture(t.Context(), path, time.Second, &b); err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(&b); err != nil || c.Width != 640 || c.Height != 360 {
		t.Errorf("the picture is %+v, %v", c, err)
	}
	if err := tl.Picture(t.Context(), path, time.Hour, &b); err == nil {
		t.Error("there is a picture after the end")
	}
}

func TestAPlaylistIsNotSampled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.mp4")
	if err := os.WriteFile(path, []byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if tools(t).Sample(t.Context(), path, 0, Mix, 0, &b) == nil || b.Len() > 0 {
		t.Errorf("%d bytes came of a playlist", b.Len())
	}
}
