package translation

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// QualityReport grades a translation by what can be checked automatically.
type QualityReport struct {
	Profile        string       `json:"profile"`
	SourceLanguage string       `json:"source_language"`
	Language       string       `json:"language"`
	Cues           int          `json:"cues"`  // source cues, and translated cues without a source
	Grade          string       `json:"grade"` // A to F; see [check.Report]
	Share          float64      `json:"share"` // of the cues with findings, weighted by severity
	Counts         check.Counts `json:"counts"`
	Findings       []Finding    `json:"findings"` // sorted by time
}

// CheckQuality checks a translation as [Check] does, and returns the findings with their counts and
// the grade.
func CheckQuality(s Sheet, p check.Profile, g *Glossary) QualityReport {
	v := QualityReport{Profile: p.Name, SourceLanguage: s.From, Language: s.To, Findings: append([]Finding{}, Check(s, p, g)...)}
	v.Counts.Codes = make(map[check.Code]int)
	for _, u := range s.Units {
		v.Cues += max(len(u.Source), len(u.Target))
	}
	for _, f := range v.Findings {
		v.Counts.Add(f.Severity, f.Code)
	}
	cost := 0.0
	for _, t := range v.findingsByCue() {
		cost += t[0].Severity.Weight()
	}
	v.Share = cost / float64(max(1, v.Cues))
	v.Grade = check.GradeForShare(v.Share)
	return v
}

// cueRef identifies a source or translated cue.
type cueRef struct {
	inSource bool
	cue      string
}

// findingsByCue returns the findings grouped by cue, in order of time. Those of each cue are
// sorted, the most severe first.
func (v QualityReport) findingsByCue() (all [][]Finding) {
	at := make(map[cueRef]int)
	for _, f := range v.Findings {
		p := cueRef{f.InSource, f.Cue}
		n, ok := at[p]
		if !ok {
			n = len(all)
			at[p] = n
			all = append(all, nil)
		}
		all[n] = append(all[n], f)
	}
	for _, t := range all {
		slices.SortStableFunc(t, func(a, b Finding) int {
			return cmp.Or(b.Severity.Rank()-a.Severity.Rank(), codeRank(a.Code)-codeRank(b.Code))
		})
	}
	return all
}

// rankedCodes returns the codes of all rules, most important first: those on the translation's
// meaning, then those on reading.
func rankedCodes() (all []check.Code) {
	for _, r := range rules {
		all = append(all, r.code)
	}
	return append(all, check.Codes()...)
}

func codeRank(c check.Code) int { return slices.Index(rankedCodes(), c) }

// maxCuesShown is how many cues the printed report lists.
const maxCuesShown = 10

// Write writes the report for people: the grade, the number of findings for each rule, and the
// worst cues as file:line. source and file are the names of the source's file and the
// translation's.
func (v QualityReport) Write(w io.Writer, source, file string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: grade %s by %s, beside %s: %s in %s\n", file, v.Grade, v.Profile, source, v.Counts, plural.Count(v.Cues, "cue"))
	for _, code := range rankedCodes() {
		if n := v.Counts.Codes[code]; n > 0 {
			title, remedy := ruleText(code)
			fmt.Fprintf(out, "  %5d  %-25s  %s\n", n, title, remedy)
		}
	}
	all := v.findingsByCue()
	slices.SortStableFunc(all, func(a, b []Finding) int { return cmp.Compare(findingsWeight(b), findingsWeight(a)) })
	if len(all) > 0 {
		fmt.Fprintf(out, "\nWorst first:\n")
	}
	for _, t := range all[:min(maxCuesShown, len(all))] {
		writeCueFindings(out, t, source, file)
	}
	if n := len(all) - maxCuesShown; n > 0 {
		fmt.Fprintf(out, "… and %s more: --json has all.\n", plural.Count(n, "cue"))
	}
	return out.Flush()
}

// findingsWeight returns how bad the findings of one cue are together, for sorting. Those on
// meaning count much more than those on reading.
func findingsWeight(t []Finding) (sum float64) {
	for _, f := range t {
		sum += f.Severity.Weight()
		if of := slices.IndexFunc(rules, func(r rule) bool { return r.code == f.Code && f.Code != MuchTooLong }); of >= 0 && f.Severity != check.Note {
			sum += 1000
		}
	}
	return sum + 100*float64(t[0].Severity.Rank())
}

func writeCueFindings(w io.Writer, t []Finding, source, file string) {
	f := t[0]
	if f.InSource {
		file = source
	}
	where := fmt.Sprintf("%s: cue %s", file, f.Cue)
	if f.Line > 0 {
		where = file + ":" + strconv.Itoa(f.Line)
	}
	if f.Translation != "" {
		fmt.Fprintf(w, "%s: “%s”\n", where, check.Excerpt(f.Translation))
	} else {
		fmt.Fprintf(w, "%s: at %s\n", where, f.Clock())
	}
	if f.Source != "" {
		fmt.Fprintf(w, "    source: “%s”\n", check.Excerpt(f.Source))
	}
	for _, f := range t {
		fmt.Fprintf(w, "    %s: %s\n", f.Severity, f.Message)
	}
}
