package subtitle

import (
	"cmp"
	"fmt"
	"slices"
)

// perCode is how many diagnostics of one code are told one by one. What comes after is
// told as a number, so that a file that is odd on every line does not drown the rest.
const perCode = 200

// report collects diagnostics while a file is read.
type report struct {
	all   []Diagnostic
	tally map[string]*tally
	lost  []lineRange // lines whose difference between file and cues is explained; as they came
}

// tally is the diagnostics of one code beyond perCode.
type tally struct {
	told, more, last int // last: the line of the last one
	severity         string
	habit            int // which diagnostic it is that counts the others, from 1
}

// lineRange is the lines from first to last.
type lineRange struct{ first, last int32 }

// add says something about a line. The message is a sentence without its full stop.
func (r *report) add(line int, severity, code, format string, args ...any) {
	t := r.tally[code]
	if t == nil {
		if r.tally == nil {
			r.tally = map[string]*tally{}
		}
		t = &tally{severity: severity}
		r.tally[code] = t
	}
	if t.told >= perCode {
		t.more, t.last = t.more+1, line
		return
	}
	t.told++
	r.all = append(r.all, Diagnostic{line, severity, code, fmt.Sprintf(format, args...)})
}

// full reports whether no more of a code is told, and counts one more if so.
func (r *report) full(code string, line int) bool {
	t := r.tally[code]
	if t == nil || t.told < perCode {
		return false
	}
	t.more, t.last = t.more+1, line
	return true
}

// habit says something that a file tends to do everywhere: the first line is told, and
// how many more there are.
func (r *report) habit(line int, severity, code, message string) {
	if t := r.tally[code]; t != nil {
		t.more, t.last = t.more+1, line
		return
	}
	r.add(line, severity, code, "%s", message)
	r.tally[code].habit = len(r.all)
}

// drop says that something of a line is not taken over, or was changed. The gate takes
// it as the explanation of a difference on that line, and of no other.
func (r *report) drop(line int, severity, code, format string, args ...any) {
	r.add(line, severity, code, format, args...)
	r.explain(line)
}

// explain lets the gate pass a line.
func (r *report) explain(line int) {
	n := len(r.lost) - 1
	if n >= 0 && (r.lost[n].last == int32(line) || r.lost[n].last+1 == int32(line)) {
		r.lost[n].last = int32(line)
		return
	}
	r.lost = append(r.lost, lineRange{int32(line), int32(line)})
}

// seal makes the explanations ready to be asked for.
func (r *report) seal() {
	slices.SortFunc(r.lost, func(a, b lineRange) int { return cmp.Compare(a.first, b.first) })
}

// explains reports whether a diagnostic says why the line differs. Only after seal.
func (r *report) explains(line int) bool {
	i, found := slices.BinarySearchFunc(r.lost, int32(line), func(l lineRange, at int32) int { return cmp.Compare(l.first, at) })
	if !found {
		i--
	}
	return i >= 0 && r.lost[i].last >= int32(line)
}

// diagnostics is all that was said, by line.
func (r *report) diagnostics() []Diagnostic {
	all := slices.Clone(r.all)
	for code, t := range r.tally {
		switch {
		case t.more > 0 && t.habit > 0:
			all[t.habit-1].Message += fmt.Sprintf(" (and %d more, up to line %d)", t.more, t.last)
		case t.more > 0:
			all = append(all, Diagnostic{t.last, t.severity, code, fmt.Sprintf("%d more of this kind, up to line %d, are not listed", t.more, t.last)})
		}
	}
	slices.SortStableFunc(all, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Code, b.Code))
	})
	return slices.AppendSeq(make([]Diagnostic, 0, len(all)), slices.Values(all))
}

// quote shows a piece of a file in a sentence.
func quote(s string) string {
	const most = 40 // characters
	n := 0
	for i := range s {
		if n++; n == most {
			return "“" + s[:i] + "…”"
		}
	}
	return "“" + s + "”"
}
