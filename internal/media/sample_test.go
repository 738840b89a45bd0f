package media

import (
	"bytes"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWriteAudioSampleAndFrame(t *testing.T) {
	tl := tools(t)
	path := generateMedia(t, "in.mkv", "-f", "lavfi", "-i", "aevalsrc=0.2*sin(1000*t)|0:d=3", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10:d=3")
	for _, side := range []string{SampleMix, SampleLeft, SampleRight} {
		var b bytes.Buffer
		if err := tl.WriteAudioSample(t.Context(), path, 0, side, time.Second, &b); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("\x1aE\xdf\xa3")) {
			t.Errorf("%s: %d bytes, %v; want WebM", side, b.Len(), err)
		}
	}
	var b bytes.Buffer
	if err := tl.WriteFrame(t.Context(), path, time.Second, &b); err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(&b); err != nil || c.Width != 640 || c.Height != 360 {
		t.Errorf("the picture is %+v, %v", c, err)
	}
	if err := tl.WriteFrame(t.Context(), path, time.Hour, &b); err == nil {
		t.Error("there is a picture after the end")
	}
}

func TestWriteAudioSample_PlaylistRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.mp4")
	if err := os.WriteFile(path, []byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if tools(t).WriteAudioSample(t.Context(), path, 0, SampleMix, 0, &b) == nil || b.Len() > 0 {
		t.Errorf("%d bytes came of a playlist", b.Len())
	}
}
