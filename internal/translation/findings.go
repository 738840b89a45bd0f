package translation

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
)

// What can be wrong with a translation beside its source, besides all that can be wrong
// with captions of any kind.
const (
	MissingTranslation check.Code = "untranslated"    // no translation
	CopyOfSource       check.Code = "copy-of-source"  // the source again
	OutOfDate          check.Code = "out-of-date"     // of what the source does not say any more
	NumberChanged      check.Code = "number-changed"  //
	NumberMissing      check.Code = "number-missing"  //
	AddressChanged     check.Code = "address-changed" // of a page or a mailbox
	CodeWordChanged    check.Code = "code-changed"    //
	NameChanged        check.Code = "name-changed"    // or an abbreviation
	GlossaryTerm       check.Code = "glossary"        // not as the conference calls it
	MuchTooLong        check.Code = "much-too-long"   // half as much again as can be read
	Unclosed           check.Code = "unclosed"        // or a quotation mark
	BrokenMarkup       check.Code = "broken-markup"   // viewers see it
	StyleLost          check.Code = "look-lost"       // the source's italics, bold or colour
	UnknownSource      check.Code = "unknown-source"  // nobody knows of what it is the translation
)

type rule struct {
	code   check.Code
	title  string
	remedy string
}

// rules are those codes, gravest first, in words for the summary.
var rules = []rule{
	{MissingTranslation, "not translated", "translate it, or take it out of the source"},
	{CopyOfSource, "copy of the source", "translate it"},
	{OutOfDate, "source changed since", "see whether the translation is still right"},
	{NumberChanged, "another number", "compare it with the source, and correct it"},
	{NumberMissing, "number missing", "say it, in digits or in words"},
	{AddressChanged, "address changed", "copy it from the source"},
	{CodeWordChanged, "code word changed", "copy it from the source"},
	{MuchTooLong, "much too long", "say it in fewer words"},
	{GlossaryTerm, "not as the glossary says", "use the conference's word"},
	{Unclosed, "not closed, or not opened", "put in the other one, or take it out"},
	{BrokenMarkup, "broken markup", "mend or remove it"},
	{NameChanged, "name not found", "keep it, if your language does"},
	{StyleLost, "italics or colour lost", "mark what the source marks"},
	{UnknownSource, "of unknown source", "check its time, or leave it if it is an addition"},
}

// ruleText is the title of a rule of either kind, and what is to be done.
func ruleText(code check.Code) (title, remedy string) {
	for _, r := range rules {
		if r.code == code {
			return r.title, r.remedy
		}
	}
	title, remedy = check.RuleText(code)
	return title, strings.ReplaceAll(remedy, "--fix", "lectern subtitles check --fix")
}

// Finding is what is to be looked at in a translation.
type Finding struct {
	Code        check.Code     `json:"code"`
	Severity    check.Severity `json:"severity"`
	Cue         string         `json:"cue"`                 // id of the translated cue, or of the source's where there is none
	InSource    bool           `json:"in_source,omitempty"` // Cue and Line are the source's
	Line        int            `json:"line,omitempty"`      // of the cue in its file, from 1
	StartMS     int64          `json:"start_ms"`
	EndMS       int64          `json:"end_ms"`
	Source      string         `json:"source,omitempty"` // what the cues say that it is about
	Translation string         `json:"translation,omitempty"`
	Message     string         `json:"message"`          // a clause: what was found
	Remedy      string         `json:"remedy,omitempty"` // the way out, for any finding of its code
}

// Check looks a translation through beside its source: whether it can be read, by a
// profile; whether it says the numbers, addresses and code words that the source says, and
// the conference's terms by its glossary, which may be nil. What is obsolete is left out.
// Findings come in the order of time.
func Check(s Sheet, p check.Profile, g *Glossary) []Finding {
	c := newChecker(s, p, g)
	for n := range c.units {
		c.checkUnit(n)
	}
	c.checkReadability()
	c.checkPairs()
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.StartMS, b.StartMS), strings.Compare(a.Cue, b.Cue))
	})
	return c.findings
}

// checker looks a sheet through.
type checker struct {
	Sheet
	profile     check.Profile
	glossary    *Glossary
	lexicon     tokenizer
	units       []checkedUnit
	unitOf      map[string]int // by the id of a translated cue, its unit
	absentNames map[token]int  // names, and in how many units each is not
	foundTokens map[token]int
	findings    []Finding
}

// checkedUnit are those about a unit.
type checkedUnit struct {
	Unit
	source, target string
	sourceNumbers  numberSet // in the source
	targetNumbers  numberSet // in the translation
}

func newChecker(s Sheet, p check.Profile, g *Glossary) *checker {
	c := &checker{Sheet: s, profile: p, glossary: g, unitOf: make(map[string]int), absentNames: make(map[token]int), foundTokens: make(map[token]int)}
	for _, u := range s.Units {
		u.Target = slices.DeleteFunc(slices.Clone(u.Target), func(t Cue) bool { return t.State == Obsolete })
		if len(u.Source)+len(u.Target) == 0 {
			continue
		}
		f := checkedUnit{Unit: u, source: JoinText(u.Source), target: JoinText(plainCues(u.Target))}
		f.sourceNumbers, f.targetNumbers = parseNumbers(f.source, s.From), parseNumbers(f.target, s.To)
		for _, t := range u.Target {
			c.unitOf[t.ID] = len(c.units)
		}
		c.lexicon.hyphensAreDashes = c.lexicon.hyphensAreDashes || hyphenDash.MatchString(f.source)
		c.units = append(c.units, f)
	}
	for n := range c.units {
		for _, t := range c.lexicon.tokens(c.units[n].source) {
			if t.foundIn(c.nearText(n)) {
				c.foundTokens[t]++
			} else if t.kind == properName && c.units[n].isTranslated() {
				c.absentNames[t]++
			}
		}
	}
	return c
}

// isTranslated reports whether there is a translation with words of its own.
func (f checkedUnit) isTranslated() bool {
	return len(f.Source) > 0 && f.target != "" && f.State() != Untranslated
}

// Words that a language wants elsewhere in a sentence come in other cues: those of so many
// units before and after, if they are not far.
const (
	nearDistance = 2
	nearTime     = 12 * time.Second
)

// nearUnits are the units around one, and itself.
func (c *checker) nearUnits(n int) []checkedUnit {
	from, to := n, n+1
	start, end := c.units[n].span()
	for from > 0 && from > n-nearDistance {
		if _, e := c.units[from-1].span(); start-e > nearTime {
			break
		}
		from--
	}
	for to < len(c.units) && to <= n+nearDistance {
		if s, _ := c.units[to].span(); s-end > nearTime {
			break
		}
		to++
	}
	return c.units[from:to]
}

// span is when a unit is shown.
func (u Unit) span() (start, end time.Duration) {
	cues := u.Source
	if len(cues) == 0 {
		cues = plainCues(u.Target)
	}
	return cues[0].Start, cues[len(cues)-1].End
}

// nearText is what the translation says near a unit.
func (c *checker) nearText(n int) string {
	var texts []string
	for _, f := range c.nearUnits(n) {
		texts = append(texts, f.target)
	}
	return strings.Join(texts, "\n")
}

// report notes a finding about a cue of a unit.
func (c *checker) report(n int, cue conference.Cue, s check.Severity, code check.Code, format string, args ...any) {
	f := c.units[n]
	_, remedy := ruleText(code)
	c.findings = append(c.findings, Finding{
		Code: code, Severity: s, Cue: cue.ID, Line: cue.Line, InSource: len(f.Target) == 0,
		StartMS: cue.Start.Milliseconds(), EndMS: cue.End.Milliseconds(),
		Source: f.source, Translation: f.target, Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// checkUnit looks at what a unit says.
func (c *checker) checkUnit(n int) {
	f := c.units[n]
	switch {
	case len(f.Target) == 0:
		if hasSpeech(f.source) {
			c.report(n, f.Source[0], check.Error, MissingTranslation, "is not translated")
		}
		return
	case len(f.Source) == 0:
		c.report(n, f.Target[0].Cue, check.Note, UnknownSource, "stands where the source says nothing")
		return
	}
	for _, t := range f.Target {
		if t.State == Untranslated && t.Text != "" {
			c.report(n, t.Cue, check.Error, CopyOfSource, "only repeats the source")
		}
	}
	if !f.isTranslated() {
		return
	}
	first := f.Target[0].Cue
	if f.State() == NeedsEditing {
		c.report(n, first, check.Warning, OutOfDate, "was made when the source said “%s”", check.Excerpt(f.Was()))
	}
	c.checkNumbers(n)
	c.checkTokens(n)
	for _, m := range c.glossary.missedTerms(f.source, c.nearText(n), c.To) {
		c.report(n, first, check.Warning, GlossaryTerm, "says “%s” in another way than the glossary, which has %s%s", m.term, quoteWords(m.wordings), noteSuffix(m.note))
	}
	if hasStyle(f.Source) && !hasStyle(plainCues(f.Target)) {
		c.report(n, first, check.Note, StyleLost, "has none of the italics, bold or colour that the source has")
	}
}

func quoteWords(words []string) string {
	return "“" + strings.Join(words, "” or “") + "”"
}

func noteSuffix(note string) string {
	if note == "" {
		return ""
	}
	return " (" + note + ")"
}

// hasSpeech reports whether a text has anything that can be translated, besides remarks such
// as [MUSIC].
func hasSpeech(text string) bool {
	text = speakerLabel.ReplaceAllString(stageDirection.ReplaceAllString(text, " "), " ")
	return strings.ContainsFunc(text, unicode.IsLetter)
}

// speakerLabel is who says what comes next.
var speakerLabel = regexp.MustCompile(`(?m)^[\s>\-]*\p{Lu}[\p{L} .]{0,30}:`)

func hasStyle(cues []conference.Cue) bool {
	return slices.ContainsFunc(cues, func(c conference.Cue) bool { return len(c.Spans) > 0 })
}

// checkNumbers compares those of a unit. One that is found nearby may have moved there, unless
// another stands where it was.
func (c *checker) checkNumbers(n int) {
	f, near := c.units[n], c.nearUnits(n)
	var strange []string
	large := false
	for _, fig := range findNumbers(f.target) {
		if !slices.ContainsFunc(near, func(o checkedUnit) bool { return o.sourceNumbers.has(fig) }) {
			strange = append(strange, fig.text)
			large = large || !fig.isDigit()
		}
	}
	if large {
		near = []checkedUnit{f}
	}
	var lost []string
	needed := false
	for _, fig := range findNumbers(f.source) {
		if !slices.ContainsFunc(near, func(o checkedUnit) bool { return o.targetNumbers.has(fig) }) {
			lost = append(lost, fig.text)
			needed = needed || !fig.isDigit()
		}
	}
	first := f.Target[0].Cue
	switch {
	case len(lost) > 0 && len(strange) > 0:
		c.report(n, first, check.Warning, NumberChanged, "says %s where the source says %s", joinList(strange), joinList(lost))
	case needed:
		c.report(n, first, check.Warning, NumberMissing, "does not say %s, which the source does", joinList(lost))
	}
}

// joinList is a few things in a sentence.
func joinList(all []string) string {
	all = slices.Compact(all)
	if n := len(all) - 1; n > 0 {
		return strings.Join(all[:n], ", ") + " and " + all[n]
	}
	return all[0]
}

// checkTokens compares addresses, code words and names.
func (c *checker) checkTokens(n int) {
	f, around := c.units[n], c.nearText(n)
	for _, t := range c.lexicon.tokens(f.source) {
		if t.foundIn(around) {
			continue
		}
		c.reportToken(n, t, c.replacement(n, t))
	}
}

func (c *checker) reportToken(n int, t token, instead string) {
	first := c.units[n].Target[0].Cue
	switch {
	case t.kind == properName:
		c.reportName(n, t)
	case instead != "":
		c.report(n, first, check.Warning, tokenCode(t), "says “%s” where the source says “%s”", instead, t.text)
	default:
		c.report(n, first, check.Warning, tokenCode(t), "does not say “%s”, which stays as it is in any language", t.text)
	}
}

func tokenCode(t token) check.Code {
	if t.kind == address {
		return AddressChanged
	}
	return CodeWordChanged
}

// reportName tells of a name that is not there. Where a translation never says it so, it is told
// once.
func (c *checker) reportName(n int, t token) {
	times := c.absentNames[t]
	if times == 0 {
		return
	}
	also := ""
	if c.foundTokens[t] < times && times > 1 {
		also = ", here and elsewhere"
		c.absentNames[t] = 0
	}
	c.report(n, c.units[n].Target[0].Cue, check.Note, NameChanged, "does not say “%s”%s", t.text, also)
}

// replacement is a word of the translation that stands where a token should.
func (c *checker) replacement(n int, t token) string {
	for _, other := range (tokenizer{}).tokens(c.units[n].target) {
		same := slices.ContainsFunc(c.nearUnits(n), func(o checkedUnit) bool { return other.foundIn(o.source) })
		if other.kind == t.kind && !same {
			return other.text
		}
	}
	if t.foundIgnoringSpelling(c.units[n].target) {
		for _, w := range strings.Fields(c.units[n].target) {
			if t.foundIgnoringSpelling(w) {
				return w
			}
		}
	}
	return ""
}

// muchTooLongFactor is how many times as long as the profile allows a text is much too long.
const muchTooLongFactor = 1.5

// checkReadability holds the translation against the profile.
func (c *checker) checkReadability() {
	var cues []conference.Cue
	for _, f := range c.units {
		cues = append(cues, plainCues(f.Target)...)
	}
	slices.SortStableFunc(cues, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	for _, r := range check.Check(cues, c.profile, c.To, 0).Findings {
		cue := cues[r.Cue-1]
		n := c.unitOf[cue.ID]
		if c.units[n].State() == Untranslated && r.Code != check.Empty {
			continue // it will be replaced
		}
		if code, message, ok := c.muchTooLong(cue); ok && r.Code == check.TooFast {
			r.Code, r.Message = code, message
		}
		c.report(n, cue, r.Severity, r.Code, "%s", r.Message)
	}
}

// muchTooLong tells of a text that no other timing would make room for.
func (c *checker) muchTooLong(cue conference.Cue) (code check.Code, message string, ok bool) {
	wants, stands := c.profile.ReadingTime(cue.Text), cue.End-cue.Start
	if stands <= 0 || wants.Seconds() < muchTooLongFactor*stands.Seconds() {
		return "", "", false
	}
	part := stands.Seconds() / wants.Seconds()
	return MuchTooLong, fmt.Sprintf("needs %.1f s to be read by %s and stands for %.1f s: say it in %d %% of its length",
		wants.Seconds(), c.profile.Name, stands.Seconds(), int(100*part)), true
}

// checkPairs looks at brackets, quotation marks and markup, over all cues.
func (c *checker) checkPairs() {
	var from, to []string
	for _, f := range c.units {
		from = append(from, f.source)
		text := f.target
		if len(f.Target) > 0 && !f.isTranslated() {
			text = ""
		}
		to = append(to, text)
	}
	c.reportUnpaired(findUnpaired(from, brackets), findUnpaired(to, brackets), check.Warning)
	c.reportUnpaired(findUnpairedQuotes(from), findUnpairedQuotes(to), check.Warning)
	if strings.HasPrefix(c.To, "es") {
		c.reportUnpaired(nil, findUnpaired(withoutNameMarks(to), spanishMarks), check.Note)
	}
	for n, f := range c.units {
		if m := visibleMarkup(to[n]); m != "" && visibleMarkup(f.source) == "" {
			c.report(n, f.Target[0].Cue, check.Warning, BrokenMarkup, "shows viewers “%s”", m)
		}
	}
}

// reportUnpaired tells of signs of the translation that have no counterpart, unless the source has
// such there as well.
func (c *checker) reportUnpaired(source, target []unpaired, s check.Severity) {
	for _, l := range target {
		if slices.ContainsFunc(source, func(o unpaired) bool { return o.cue-l.cue <= nearDistance && l.cue-o.cue <= nearDistance }) {
			continue
		}
		for _, t := range c.units[l.cue].Target {
			if strings.ContainsRune(t.Text, l.sign) {
				c.report(l.cue, t.Cue, s, Unclosed, "has %c without %c", l.sign, l.partner)
				break
			}
		}
	}
}

// Clock is when a finding's cue is shown.
func (f Finding) Clock() string {
	return timeline.FormatClock(time.Duration(f.StartMS) * time.Millisecond)
}
