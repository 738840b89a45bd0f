//go:build slow

package office

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
)

func TestTheLengthOfALargeArchiveIsToldBeforehand(t *testing.T) {
	o := made(t, conference.Scheduling{})
	b, err := o.OpenBundle(t.Context(), speaker, "apis")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const large = 5 << 30
	sparse, err := os.Create(filepath.Join(b.dir, "large.mp4"))
	if err == nil {
		err = sparse.Truncate(large)
	}
	if err != nil || sparse.Close() != nil {
		t.Fatal(err)
	}
	b.Files = append([]bundle.File{{Path: "large.mp4", Size: large}}, b.Files...)
	size, err := b.ZipSize()
	if err != nil {
		t.Fatal(err)
	}
	var n counter
	if err := b.WriteZip(t.Context(), &n); err != nil || int64(n) != size {
		t.Errorf("%d bytes, and %d were announced: %v", n, size, err)
	}
}
