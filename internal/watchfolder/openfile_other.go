//go:build !linux

package watchfolder

// isOpenForWriting cannot be told here; the time for which a file has not changed has to do.
func isOpenForWriting(string) bool { return false }
