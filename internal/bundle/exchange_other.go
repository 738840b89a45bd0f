//go:build !linux

package bundle

import "errors"

// exchangePaths returns errors.ErrUnsupported: only Linux can swap two paths atomically.
func exchangePaths(_, _ string) error { return errors.ErrUnsupported }

// exchangeUnsupported reports whether err says that this system cannot swap paths.
func exchangeUnsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
