package subtitle

import (
	"cmp"
	"fmt"
	"slices"
)

// maxPerCode is how many diagnostics of one code are told one by one. What comes after is
// told as a number, so that a file that is odd on every line does not drown the rest.
const maxPerCode = 200

// reporter collects diagnostics while a file is read.
type reporter struct {
	all       []Diagnostic
	counts    map[string]*codeCount
	explained []lineRange // lines whose difference between file and cues is explained; as they came
}

// codeCount is the diagnostics of one code beyond perCode.
type codeCount struct {
	listed, unlisted, lastLine int // last: the line of the last one
	severity                   string
	summaryOf                  int // which diagnostic it is that counts the others, from 1
}

// lineRange is the lines from first to last.
type lineRange struct{ first, last int32 }

// add says something about a line. The message is a sentence without its full stop.
func (r *reporter) add(line int, severity, code, format string, args ...any) {
	t := r.counts[code]
	if t == nil {
		if r.counts == nil {
			r.counts = map[string]*codeCount{}
		}
		t = &codeCount{severity: severity}
		r.counts[code] = t
	}
	if t.listed >= maxPerCode {
		t.unlisted, t.lastLine = t.unlisted+1, line
		return
	}
	t.listed++
	r.all = append(r.all, Diagnostic{line, severity, code, fmt.Sprintf(format, args...)})
}

// countUnlisted reports whether no more of a code is told, and counts one more if so.
func (r *reporter) countUnlisted(code string, line int) bool {
	t := r.counts[code]
	if t == nil || t.listed < maxPerCode {
		return false
	}
	t.unlisted, t.lastLine = t.unlisted+1, line
	return true
}

// addOnce says something that a file tends to do everywhere: the first line is told, and
// how many more there are.
func (r *reporter) addOnce(line int, severity, code, message string) {
	if t := r.counts[code]; t != nil {
		t.unlisted, t.lastLine = t.unlisted+1, line
		return
	}
	r.add(line, severity, code, "%s", message)
	r.counts[code].summaryOf = len(r.all)
}

// addLoss says that something of a line is not taken over, or was changed. The gate takes
// it as the explanation of a difference on that line, and of no other.
func (r *reporter) addLoss(line int, severity, code, format string, args ...any) {
	r.add(line, severity, code, format, args...)
	r.markExplained(line)
}

// markExplained lets the gate pass a line.
func (r *reporter) markExplained(line int) {
	n := len(r.explained) - 1
	if n >= 0 && (r.explained[n].last == int32(line) || r.explained[n].last+1 == int32(line)) {
		r.explained[n].last = int32(line)
		return
	}
	r.explained = append(r.explained, lineRange{int32(line), int32(line)})
}

// sortExplained makes the explanations ready to be asked for.
func (r *reporter) sortExplained() {
	slices.SortFunc(r.explained, func(a, b lineRange) int { return cmp.Compare(a.first, b.first) })
}

// isExplained reports whether a diagnostic says why the line differs. Only after seal.
func (r *reporter) isExplained(line int) bool {
	i, found := slices.BinarySearchFunc(r.explained, int32(line), func(l lineRange, at int32) int { return cmp.Compare(l.first, at) })
	if !found {
		i--
	}
	return i >= 0 && r.explained[i].last >= int32(line)
}

// diagnostics is all that was said, by line.
func (r *reporter) diagnostics() []Diagnostic {
	all := slices.Clone(r.all)
	for code, t := range r.counts {
		switch {
		case t.unlisted > 0 && t.summaryOf > 0:
			all[t.summaryOf-1].Message += fmt.Sprintf(" (and %d more, up to line %d)", t.unlisted, t.lastLine)
		case t.unlisted > 0:
			all = append(all, Diagnostic{t.lastLine, t.severity, code, fmt.Sprintf("%d more of this kind, up to line %d, are not listed", t.unlisted, t.lastLine)})
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
