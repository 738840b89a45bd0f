//go:build !linux

package bundle

import "errors"

// exchange swaps two paths in one step, which needs Linux.
func exchange(_, _ string) error { return errors.ErrUnsupported }

// unsupported reports whether there is no exchange.
func unsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
