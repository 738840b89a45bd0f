// Package inputerr is how Lectern says that what it was handed is wrong, as opposed to
// Lectern or its machine being wrong: the file, the line, what is the matter, and
// the way out. The command line answers a Fault with exit code 3.
package inputerr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Error is an error of the input. Problem is a clause such as "is empty"; Remedy, where
// there is one, is a sentence that tells what to do.
type Error struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // counted from 1; 0 where lines mean nothing
	Problem string `json:"problem"`
	Remedy  string `json:"remedy,omitempty"`
}

// New is a fault of file, with a problem in the manner of fmt.Sprintf.
func New(file, format string, args ...any) *Error {
	return &Error{File: file, Problem: fmt.Sprintf(format, args...)}
}

// At is the fault with the line it was found on.
func (f *Error) At(line int) *Error {
	f.Line = line
	return f
}

// Hint is the fault with the way out of it.
func (f *Error) Hint(format string, args ...any) *Error {
	f.Remedy = fmt.Sprintf(format, args...)
	return f
}

// Error is "FILE:LINE: PROBLEM. REMEDY", with a file name that holds control
// characters quoted.
func (f *Error) Error() string {
	s := f.Problem
	if f.File != "" {
		name := f.File
		if hasControlChar(name) {
			name = strconv.Quote(name)
		}
		if f.Line > 0 {
			name += ":" + strconv.Itoa(f.Line)
		}
		s = name + ": " + s
	}
	if f.Remedy != "" {
		if !strings.HasSuffix(s, "?") {
			s += "."
		}
		s += " " + f.Remedy
	}
	return s
}

func hasControlChar(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return true
		}
	}
	return false
}

// As is the first Fault in err's chain, or nil.
func As(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return nil
}
