//go:build !linux

package watchfolder

// isOpenForWriting returns false on this system; Options.StableFor alone decides.
func isOpenForWriting(string) bool { return false }
