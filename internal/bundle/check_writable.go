package bundle

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// CheckWritable tries, before hours are spent on a bundle, whether root/slug could be laid
// out: that root can be written to and that nothing foreign is in the way. What an
// earlier publication left half done is mended.
func CheckWritable(root, slug string) error {
	p := &writer{ctx: context.Background(), root: root, slug: slug, dir: filepath.Join(root, slug), trace: func(string) {}}
	if err := p.checkWritable(); err != nil {
		return p.asInputError(err)
	}
	return nil
}

func (p *writer) checkWritable() error {
	if err := os.MkdirAll(p.root, 0o755); err != nil {
		return err
	}
	if err := Recover(p.root, p.slug); err != nil {
		return err
	}
	if _, err := loadPrevious(p.dir); err != nil {
		return err
	}
	lock, err := p.createStaging()
	if err != nil {
		return err
	}
	return errors.Join(lock.Close(), os.RemoveAll(p.staging))
}
