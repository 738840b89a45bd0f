package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// Writable tries, before hours are spent on a bundle, whether root/slug could be laid
// out: that root can be written to and that nothing foreign is in the way. What an
// earlier publication left half done is mended.
func Writable(root, slug string) error {
	p := &publisher{ctx: context.Background(), root: root, slug: slug, dir: filepath.Join(root, slug), trace: func(string) {}}
	if err := p.try(); err != nil {
		return p.explain(err)
	}
	return nil
}

func (p *publisher) try() error {
	if err := os.MkdirAll(p.root, 0o755); err != nil {
		return err
	}
	if err := Recover(p.root, p.slug); err != nil {
		return err
	}
	if _, err := lookAt(p.dir); err != nil {
		return err
	}
	lock, err := p.stage()
	if err != nil {
		return err
	}
	return errors.Join(lock.Close(), os.RemoveAll(p.staging))
}
