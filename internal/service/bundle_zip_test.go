package service

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
)

func TestWriteZip_SizeAndContent(t *testing.T) {
	o := newServiceWithBundle(t, conference.Scheduling{})
	b, err := o.Bundles.Open(t.Context(), speaker, "apis")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var w bytes.Buffer
	size, err := b.ZipSize()
	if err == nil {
		err = b.WriteZip(t.Context(), &w)
	}
	if err != nil || size != int64(w.Len()) {
		t.Fatalf("%d bytes, and %d were announced: %v", w.Len(), size, err)
	}
	archive, err := zip.NewReader(bytes.NewReader(w.Bytes()), size)
	if err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open("apis/captions/apis.en.srt")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); err != nil || string(text) != "one" {
		t.Errorf("in it is %q, %v", text, err)
	}
}

func TestWriteZip_RefusesEscapingPaths(t *testing.T) {
	for _, name := range []string{"../escaped", "/escaped", `..\escaped`, `C:\escaped`, "captions/../../escaped", "captions/../../../escaped"} {
		o := newServiceWithBundle(t, conference.Scheduling{})
		b, err := o.Bundles.Open(t.Context(), speaker, "apis")
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		b.Files[0].Path = name
		if err := b.WriteZip(t.Context(), io.Discard); err == nil {
			t.Errorf("an archive has a file %q in it", name)
		}
		if f, _, err := b.File(name); err == nil {
			f.Close()
			t.Errorf("%q can be opened", name)
		}
		if _, _, err := b.File("../" + filepath.Base(o.Schedule.bundleDir)); err == nil {
			t.Error("a file that the bundle does not list can be opened")
		}
	}
}
