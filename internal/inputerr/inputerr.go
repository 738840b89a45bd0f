// Package inputerr reports what is wrong with the input: a file, a form field, a setting,
// as opposed to a failure of Lectern or its machine. An [Error] names the file and the line,
// the problem and a hint how to fix it. The command line exits with code 3 for it; the server
// answers with status 422.
//
// # Errors that pages translate
//
// The text of an Error is English. An error that a page shows also carries a code and named
// values, so that the page can say it in its own language:
//
//	inputerr.Coded("zone.unknown", "{zone} is not a time zone", "zone", name).
//		Hint("Write it like Europe/Berlin")
//
// Problem and hint may hold {names} of values, here {zone}. internal/web looks the text up
// under problem.<code> and problem.<code>.hint in internal/web/locales/es/problems.yaml, fills in
// the same names and adds file and line. Tests of internal/web ask for the Spanish text of every
// code, and for a code in the packages that pages use. [New] is for commands.
//
// A code is SUBJECT.PROBLEM in lower case, such as subtitles.empty. It is part of the API: once
// released it keeps its meaning.
package inputerr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Error is a problem with the input. Problem is a clause that completes "FILE …", such as
// "is empty", or a sentence where there is no file. Remedy, if set, tells how to fix it.
type Error struct {
	File    string `json:"file,omitempty"` // or the form field or setting
	Line    int    `json:"line,omitempty"` // counted from 1; 0: no particular line
	Problem string `json:"problem"`
	Remedy  string `json:"remedy,omitempty"`

	Code   string            `json:"code,omitempty"`   // identifies the problem for translation; see [Coded]
	Values map[string]string `json:"values,omitempty"` // what the {names} of the translated texts stand for
}

// New returns an error without a code, which is always shown in English. Its problem is formatted
// as by fmt.Sprintf. file may be "".
func New(file, format string, args ...any) *Error {
	return &Error{File: file, Problem: fmt.Sprintf(format, args...)}
}

// Coded returns an error that pages can translate by its code. problem is the English text. pairs
// are names, each followed by its value; {name} in problem, and later in the hint, stands for the
// value.
func Coded(code, problem string, pairs ...any) *Error {
	e := &Error{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if e.Values == nil {
			e.Values = make(map[string]string)
		}
		e.Values[fmt.Sprint(pairs[i])] = fmt.Sprint(pairs[i+1])
	}
	e.Problem = e.Fill(problem)
	return e
}

// In sets the file, form field or setting that the error is about, and returns e.
func (e *Error) In(file string) *Error {
	e.File = file
	return e
}

// At sets the line that the problem is on, counted from 1, and returns e. The line is only shown if
// a file is set as well.
func (e *Error) At(line int) *Error {
	e.Line = line
	return e
}

// Hint sets Remedy, formatted as by fmt.Sprintf, and returns e. {name} stands for a value given to
// [Coded].
func (e *Error) Hint(format string, args ...any) *Error {
	e.Remedy = e.Fill(fmt.Sprintf(format, args...))
	return e
}

// Fill returns text with each {name} replaced by the error's value of that name. Braces around
// other names stay as they are.
func (e *Error) Fill(text string) string {
	if len(e.Values) == 0 {
		return text
	}
	replacements := make([]string, 0, 2*len(e.Values))
	for name, value := range e.Values {
		replacements = append(replacements, "{"+name+"}", value)
	}
	return strings.NewReplacer(replacements...).Replace(text)
}

// Translate returns a copy of the error in another language. It returns nil if the error has no
// code, or if its problem or its hint has no translation. text returns the translation for a key
// ("problem.<code>" or "problem.<code>.hint") and whether there is one. text gets the error's
// values because a translation may depend on a number.
func (e *Error) Translate(text func(key string, values map[string]string) (string, bool)) *Error {
	if e.Code == "" {
		return nil
	}
	problem, ok := text("problem."+e.Code, e.Values)
	if !ok {
		return nil
	}
	hint := ""
	if e.Remedy != "" {
		hint, ok = text("problem."+e.Code+".hint", e.Values)
	}
	if !ok {
		return nil
	}
	translated := *e
	translated.Problem, translated.Remedy = e.Fill(problem), e.Fill(hint)
	return &translated
}

// Error returns "FILE:LINE: PROBLEM. REMEDY" without the parts that are not set. A file name with
// control characters is quoted.
func (e *Error) Error() string {
	s := e.Problem
	if e.File != "" {
		name := e.File
		if hasControlChar(name) {
			name = strconv.Quote(name)
		}
		if e.Line > 0 {
			name += ":" + strconv.Itoa(e.Line)
		}
		s = name + ": " + s
	}
	if e.Remedy != "" {
		if !strings.HasSuffix(s, "?") {
			s += "."
		}
		s += " " + e.Remedy
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

// As returns the first *Error that errors.As finds in err, or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
