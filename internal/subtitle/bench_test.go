package subtitle_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/asticode/go-astisub"

	"github.com/lectern-av/lectern/internal/subtitle"
)

// tenMegabytes is an SRT file as they are: CR LF or LF line ends, two lines a cue, a
// tag here and there.
func tenMegabytes(end string) []byte {
	var b bytes.Buffer
	for i := 1; b.Len() < 10<<20; i++ {
		at := func(t int) string {
			return fmt.Sprintf("%02d:%02d:%02d,%03d", t/3600000, t/60000%60, t/1000%60, t%1000)
		}
		second := "on a laptop, or on a rack of machines"
		if i%8 == 0 {
			second = "<i>on a laptop</i>, or – as you like – on a rack"
		}
		fmt.Fprintf(&b, "%d%s%s --> %s%sWe take recorded talks to releases,%s%s%s%s", i, end, at(i*2000), at(i*2000+1900), end, end, second, end, end)
	}
	return b.Bytes()
}

// BenchmarkParseSRT reads ten megabytes, the gate included, and go-astisub the same.
func BenchmarkParseSRT(b *testing.B) {
	for _, end := range []struct{ name, end string }{{"LF", "\n"}, {"CRLF", "\r\n"}} {
		data := tenMegabytes(end.end)
		b.Run("lectern/"+end.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := subtitle.Parse("x.srt", data, subtitle.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("astisub/"+end.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := astisub.ReadFromSRT(bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
