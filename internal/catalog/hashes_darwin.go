package catalog

import "syscall"

// changeTime returns when the file's contents or attributes last changed, in Unix nanoseconds.
func changeTime(st *syscall.Stat_t) int64 { return st.Ctimespec.Nano() }
