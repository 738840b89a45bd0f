package subtitle

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/lectern-av/lectern/internal/message"
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

// add adds a diagnostic about a line. values are names of placeholders in the message of key, each
// followed by its value; long values are cut. After maxPerCode diagnostics of a code, it only
// counts more.
func (r *reporter) add(line int, key string, values ...any) {
	if !r.count(line, key) {
		return
	}
	pairs := make([]string, len(values))
	for i, v := range values {
		pairs[i] = excerpt(fmt.Sprint(v))
	}
	r.all = append(r.all, newDiagnostic(line, message.New(key, pairs...)))
}

// addMessage adds a diagnostic with a message of package charset.
func (r *reporter) addMessage(line int, m message.Message) {
	if r.count(line, m.Code) {
		r.all = append(r.all, newDiagnostic(line, m))
	}
}

// count counts a diagnostic, and reports whether it is to be listed, being one of the first
// maxPerCode of its code.
func (r *reporter) count(line int, key string) (listed bool) {
	code := codeOf(key)
	t := r.counts[code]
	if t == nil {
		if r.counts == nil {
			r.counts = map[string]*codeCount{}
		}
		t = &codeCount{severity: severityOf(key)}
		r.counts[code] = t
	}
	if t.listed >= maxPerCode {
		t.unlisted, t.lastLine = t.unlisted+1, line
		return false
	}
	t.listed++
	return true
}

// countUnlisted reports whether maxPerCode diagnostics of a code are listed. If so, it counts one
// more, so that the caller need not add it.
func (r *reporter) countUnlisted(code string, line int) bool {
	t := r.counts[code]
	if t == nil || t.listed < maxPerCode {
		return false
	}
	t.unlisted, t.lastLine = t.unlisted+1, line
	return true
}

// addOnce adds a diagnostic about something that a file tends to have everywhere. Only the first
// line gets one; its message counts all others of its code.
func (r *reporter) addOnce(line int, key string, values ...any) {
	if t := r.counts[codeOf(key)]; t != nil {
		t.unlisted, t.lastLine = t.unlisted+1, line
		return
	}
	r.add(line, key, values...)
	r.counts[codeOf(key)].summaryOf = len(r.all)
}

// addLoss adds a diagnostic about something on a line that is changed or not kept. The loss check
// takes it as the explanation of a difference on that line only.
func (r *reporter) addLoss(line int, key string, values ...any) {
	r.add(line, key, values...)
	r.markExplained(line)
}

// markExplained marks a line as one on which the loss check must not report a difference.
func (r *reporter) markExplained(line int) {
	n := len(r.explained) - 1
	if n >= 0 && (r.explained[n].last == int32(line) || r.explained[n].last+1 == int32(line)) {
		r.explained[n].last = int32(line)
		return
	}
	r.explained = append(r.explained, lineRange{int32(line), int32(line)})
}

// sortExplained sorts the explained lines, which isExplained requires.
func (r *reporter) sortExplained() {
	slices.SortFunc(r.explained, func(a, b lineRange) int { return cmp.Compare(a.first, b.first) })
}

// isExplained reports whether a diagnostic explains a difference on that line. Call sortExplained
// first.
func (r *reporter) isExplained(line int) bool {
	i, found := slices.BinarySearchFunc(r.explained, int32(line), func(l lineRange, at int32) int { return cmp.Compare(l.first, at) })
	if !found {
		i--
	}
	return i >= 0 && r.explained[i].last >= int32(line)
}

// diagnostics returns all diagnostics by line and code, including those that count others that are
// not listed.
func (r *reporter) diagnostics() []Diagnostic {
	all := slices.Clone(r.all)
	for code, t := range r.counts {
		switch {
		case t.unlisted > 0 && t.summaryOf > 0:
			all[t.summaryOf-1] = withMore(all[t.summaryOf-1], t.unlisted, t.lastLine)
		case t.unlisted > 0:
			all = append(all, unlisted(code, t))
		}
	}
	slices.SortStableFunc(all, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Code, b.Code))
	})
	return slices.AppendSeq(make([]Diagnostic, 0, len(all)), slices.Values(all))
}

// unlisted returns the diagnostic that says how many of a code are not listed.
func unlisted(code string, t *codeCount) Diagnostic {
	d := newDiagnostic(t.lastLine, message.New(moreUnlisted, "more", strconv.Itoa(t.unlisted), "last", strconv.Itoa(t.lastLine)))
	d.Code, d.Severity = code, t.severity
	return d
}

// excerpt returns s, cut after 39 characters if it is longer, as messages quote it.
func excerpt(s string) string {
	const most = 40 // characters
	n := 0
	for i := range s {
		n++
		if n == most {
			return s[:i] + "…"
		}
	}
	return s
}

// quote returns an excerpt of s in quotation marks, for use in a sentence.
func quote(s string) string { return "“" + excerpt(s) + "”" }
