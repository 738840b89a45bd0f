package check

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plural"
)

// Report says how well a track can be read.
type Report struct {
	Profile  string        `json:"profile"`
	Language string        `json:"language"`
	Cues     int           `json:"cues"`
	Grade    string        `json:"grade"` // A to F, by Share; see [GradeForShare]
	Share    float64       `json:"share"` // of bad cues: one with an error counts fully, one with a warning a quarter, notes don't count
	Counts   Counts        `json:"counts"`
	Findings []Finding     `json:"findings"` // in the order of the cues
	Worst    []CueFindings `json:"worst"`    // the ten worst cues, worst first
}

// Counts counts findings by severity and by code.
type Counts struct {
	Errors   int          `json:"errors"`
	Warnings int          `json:"warnings"`
	Notes    int          `json:"notes"`
	Codes    map[Code]int `json:"codes"` // codes with at least one finding
}

// CueFindings is a cue with everything that was found about it.
type CueFindings struct {
	Line     int       `json:"line"`
	Cue      int       `json:"cue"` // from 1
	StartMS  int64     `json:"start_ms"`
	Text     string    `json:"text"`
	Findings []Finding `json:"findings"` // most serious first
}

// grades are the shares of bad cues up to which each grade is given; above the last it is F.
var grades = []struct {
	name  string
	share float64
}{{"A", 0.03}, {"B", 0.08}, {"C", 0.15}, {"D", 0.30}}

// maxWorst is how many cues a report lists as the worst.
const maxWorst = 10

// summarise sets the counts, the grade and the worst cues from the findings.
func (r *Report) summarise(cues []conference.Cue) {
	r.Counts.Codes = map[Code]int{}
	var troubles []CueFindings
	cost := 0.0
	for from := 0; from < len(r.Findings); {
		to := from
		for ; to < len(r.Findings) && r.Findings[to].Cue == r.Findings[from].Cue; to++ {
			r.Counts.Add(r.Findings[to].Severity, r.Findings[to].Code)
		}
		cue := cues[r.Findings[from].Cue-1]
		found := slices.Clone(r.Findings[from:to])
		slices.SortStableFunc(found, bySeverity)
		troubles = append(troubles, CueFindings{Line: cue.Line, Cue: found[0].Cue, StartMS: cue.Start.Milliseconds(), Text: cue.Text, Findings: found})
		cost += found[0].Severity.Weight()
		from = to
	}
	slices.SortStableFunc(troubles, byNeed)
	r.Worst = append([]CueFindings{}, troubles[:min(maxWorst, len(troubles))]...)
	r.Share = cost / float64(max(1, r.Cues))
	r.Grade = GradeForShare(r.Share)
}

// GradeForShare returns the grade, A to F, of a track with that share of bad cues, from 0 to 1.
func GradeForShare(share float64) string {
	for _, g := range grades {
		if share <= g.share {
			return g.name
		}
	}
	return "F"
}

// Add counts a finding of that severity and code.
func (c *Counts) Add(s Severity, code Code) {
	if c.Codes == nil {
		c.Codes = make(map[Code]int)
	}
	c.Codes[code]++
	switch s {
	case Error:
		c.Errors++
	case Warning:
		c.Warnings++
	case Note:
		c.Notes++
	}
}

// compare returns a negative number if c is better than d, a positive one if it is worse, and 0 if
// both are equal. Errors count first, then warnings, then notes.
func (c Counts) compare(d Counts) int {
	return cmp.Or(cmp.Compare(c.Errors, d.Errors), cmp.Compare(c.Warnings, d.Warnings), cmp.Compare(c.Notes, d.Notes))
}

// bySeverity compares findings, the most serious first: by severity, then by how far each exceeds
// its limit.
func bySeverity(a, b Finding) int {
	return -cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.excess, b.excess))
}

// byNeed compares cues, the worst first: by the severity of their most serious finding, then by
// their weight.
func byNeed(a, b CueFindings) int {
	return -cmp.Or(cmp.Compare(a.Findings[0].Severity.Rank(), b.Findings[0].Severity.Rank()), cmp.Compare(a.weight(), b.weight()))
}

// weight returns the sum of the excesses of a cue's findings, each multiplied by the weight of its
// severity.
func (t CueFindings) weight() (sum float64) {
	for _, f := range t.Findings {
		sum += f.Severity.Weight() * f.excess
	}
	return sum
}

// Write writes the report for people: the grade, the number of findings for each rule, and the
// worst cues. These have their places as file:line, which editors recognise.
func (r Report) Write(w io.Writer, file string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: grade %s by %s: %s in %s\n", file, r.Grade, r.Profile, r.Counts, plural.Count(r.Cues, "cue"))
	for _, rule := range rules {
		if n := r.Counts.Codes[rule.code]; n > 0 {
			fmt.Fprintf(out, "  %5d  %-22s  %s\n", n, rule.title, rule.remedy)
		}
	}
	if len(r.Worst) > 0 {
		fmt.Fprintf(out, "\nWorst first:\n")
	}
	for _, t := range r.Worst {
		fmt.Fprintf(out, "%s “%s”\n", t.location(file), Excerpt(t.Text))
		for _, f := range t.Findings {
			fmt.Fprintf(out, "    %s: %s\n", f.Severity, f.Message)
		}
	}
	return out.Flush()
}

// String returns text such as “3 errors, 14 warnings and 2 notes”.
func (c Counts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		name string
	}{{c.Errors, "error"}, {c.Warnings, "warning"}, {c.Notes, "note"}} {
		if p.n > 0 {
			parts = append(parts, plural.Count(p.n, p.name))
		}
	}
	switch n := len(parts); n {
	case 0:
		return "nothing to remark"
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
}

// location returns where the cue is, as file:line, or with its number if the line is unknown.
func (t CueFindings) location(file string) string {
	if t.Line > 0 {
		return file + ":" + strconv.Itoa(t.Line) + ":"
	}
	return fmt.Sprintf("%s: cue %d:", file, t.Cue)
}
