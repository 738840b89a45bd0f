package media

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// TestWritePodcast checks with independent readers what the files of each codec hold.
func TestWritePodcast(t *testing.T) {
	tl := tools(t)
	cover := generateMedia(t, "cover.jpg", "-f", "lavfi", "-i", "testsrc2=s=320x180", "-frames:v", "1")
	for _, c := range []struct{ codec, ext, encoder string }{
		{"aac", "m4a", "aac"},
		{"opus", "webm", "libopus"},
	} {
		t.Run(c.codec, func(t *testing.T) {
			spec := PodcastSpec{
				Codec: c.codec, Length: ntsc30.Time(82), Language: "es-419",
				Metadata: map[string]string{"title": `Vueltas; "y" = vueltas`, "description": "Una línea.\nOtra."},
				Chapters: []conference.Section{
					{Span: timeline.Span{To: time.Second}, Title: "Una"},
					{Span: timeline.Span{From: time.Second, To: ntsc30.Time(82)}, Title: "Otra"},
				},
			}
			out := filepath.Join(t.TempDir(), "talk."+spec.Ext())
			tone := sound(t, 82, c.ext, c.encoder)
			facts, err := tl.WritePodcast(t.Context(), spec, tone, cover, out, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if facts.Codec != c.codec || (facts.Duration-spec.Length).Abs() > 50*time.Millisecond {
				t.Errorf("made %+v", facts)
			}
			// Ogg's packets are played to their end, where WebM's say how much is too much.
			if more := samplesOf(t, out) - samplesOf(t, tone); more < 0 || more > 960 {
				t.Errorf("%d samples more can be heard", more)
			}
			var stderr strings.Builder
			args := append([]string{"-show_chapters", "-show_format", "-show_streams", "-of", "flat"}, InputArgs(out)...)
			if _, err := tl.Inspect(t.Context(), args, func(r io.Reader) error { _, err := io.Copy(&stderr, r); return err }); err != nil {
				t.Fatal(err)
			}
			for _, known := range []string{`title="Vueltas; \"y\" = vueltas"`, `="Una línea.\nOtra."`, `title="Una"`, `title="Otra"`, `width=320`} {
				if !strings.Contains(stderr.String(), known) {
					t.Errorf("it does not say %s:\n%s", known, stderr.String())
				}
			}
		})
	}
}
