//go:build !linux

package bundle

import "errors"

// exchangePaths swaps two paths in one step, which needs Linux.
func exchangePaths(_, _ string) error { return errors.ErrUnsupported }

// exchangeUnsupported reports whether there is no exchange.
func exchangeUnsupported(err error) bool { return errors.Is(err, errors.ErrUnsupported) }
