package translation

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
)

// The codes of findings that compare a translation with its source. The codes of package
// check apply as well.
const (
	MissingTranslation check.Code = "untranslated"
	CopyOfSource       check.Code = "copy-of-source"
	OutOfDate          check.Code = "out-of-date" // the source text has changed since
	NumberChanged      check.Code = "number-changed"
	NumberMissing      check.Code = "number-missing"
	AddressChanged     check.Code = "address-changed" // a URL, host or mail address
	CodeWordChanged    check.Code = "code-changed"
	NameChanged        check.Code = "name-changed"   // a name or an abbreviation
	GlossaryTerm       check.Code = "glossary"       // not the glossary's translation
	MuchTooLong        check.Code = "much-too-long"  // at least 1.5 times what can be read in time
	Unclosed           check.Code = "unclosed"       // a bracket or quotation mark
	BrokenMarkup       check.Code = "broken-markup"  // viewers would see tags as text
	StyleLost          check.Code = "look-lost"      // italics, bold, underline or colour
	UnknownSource      check.Code = "unknown-source" // it is linked to no source cue
)

// rule describes one kind of finding for the summary.
type rule struct {
	code   check.Code
	title  string
	remedy string
}

// rules are the checks of a translation against its source, most important first.
var rules = []rule{
	{MissingTranslation, "not translated", "translate it, or delete it from the source"},
	{CopyOfSource, "same as the source", "translate it"},
	{OutOfDate, "source has changed", "check that the translation is still right"},
	{NumberChanged, "different number", "compare it with the source and correct it"},
	{NumberMissing, "number missing", "add it, in digits or in words"},
	{AddressChanged, "address changed", "copy it from the source"},
	{CodeWordChanged, "code word changed", "copy it from the source"},
	{MuchTooLong, "much too long", "use fewer words"},
	{GlossaryTerm, "not the glossary's term", "use the glossary's translation"},
	{Unclosed, "unpaired bracket or quote", "add the missing one, or delete it"},
	{BrokenMarkup, "broken markup", "correct or delete it"},
	{NameChanged, "name missing", "keep it if your language does"},
	{StyleLost, "italics or colour lost", "format it like the source"},
	{UnknownSource, "no source cue", "check its timing, or keep it if you added it"},
}

// ruleText returns the title of a rule of this package or of package check, and how to fix what it
// finds.
func ruleText(code check.Code) (title, remedy string) {
	for _, r := range rules {
		if r.code == code {
			return r.title, r.remedy
		}
	}
	title, remedy = check.RuleText(code)
	return title, strings.ReplaceAll(remedy, "--fix", "lectern subtitles check --fix")
}

// Finding is one problem in a translation.
type Finding struct {
	Code        check.Code     `json:"code"`
	Severity    check.Severity `json:"severity"`
	Cue         string         `json:"cue"`                 // id of the translated cue, or of the source cue if there is none
	InSource    bool           `json:"in_source,omitempty"` // Cue and Line are of the source
	Line        int            `json:"line,omitempty"`      // in the cue's file, from 1
	StartMS     int64          `json:"start_ms"`
	EndMS       int64          `json:"end_ms"`
	Source      string         `json:"source,omitempty"` // text of the unit
	Translation string         `json:"translation,omitempty"`
	Message     string         `json:"message"`          // what was found, in English: a clause whose subject is the cue
	Remedy      string         `json:"remedy,omitempty"` // what to do, the same for all findings of its code

	Detail message.Message `json:"-"` // Message as a code and values; see [English] and [check.English]
}

// Check checks a translation against its source: whether it is complete and up to date, has the
// source's numbers, addresses, code words, names and styles, uses the glossary's terms (g may be
// nil), pairs brackets and quotation marks, shows no markup, and can be read by a profile. Obsolete
// cues are left out. Findings are sorted by time.
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

// checker checks one sheet.
type checker struct {
	Sheet
	profile     check.Profile
	glossary    *Glossary
	lexicon     tokenizer
	units       []checkedUnit
	unitOf      map[string]int // index of the unit by id of the translated cue
	absentNames map[token]int  // in how many translated units a name is missing
	foundTokens map[token]int
	findings    []Finding
}

// checkedUnit is a unit with its texts and the numbers in them.
type checkedUnit struct {
	Unit
	source, target string
	sourceNumbers  numberSet // in source
	targetNumbers  numberSet // in target
}

func newChecker(s Sheet, p check.Profile, g *Glossary) *checker {
	c := &checker{Sheet: s, profile: p, glossary: g, unitOf: make(map[string]int), absentNames: make(map[token]int), foundTokens: make(map[token]int)}
	for _, u := range s.Units {
		u.Target = slices.DeleteFunc(slices.Clone(u.Target), func(t Cue) bool { return t.State == Obsolete })
		if len(u.Source)+len(u.Target) == 0 {
			continue
		}
		f := checkedUnit{Unit: u, source: JoinText(u.Source), target: JoinText(PlainCues(u.Target))}
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

// isTranslated reports whether the unit has a source and a translation that does not just repeat
// it.
func (f checkedUnit) isTranslated() bool {
	return len(f.Source) > 0 && f.target != "" && f.State() != Untranslated
}

// Translations move words within a sentence, so a word may be in one of the neighbouring
// units: up to this many before and after, within this time.
const (
	nearDistance = 2
	nearTime     = 12 * time.Second
)

// nearUnits returns unit n and up to nearDistance units on either side that are close enough in
// time to belong to the same sentence.
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

// span returns when the unit's source is shown or, if it has none, its translation.
func (u Unit) span() (start, end time.Duration) {
	cues := u.Source
	if len(cues) == 0 {
		cues = PlainCues(u.Target)
	}
	return cues[0].Start, cues[len(cues)-1].End
}

// nearText returns the translations of unit n and of those near it, one on each line.
func (c *checker) nearText(n int) string {
	var texts []string
	for _, f := range c.nearUnits(n) {
		texts = append(texts, f.target)
	}
	return strings.Join(texts, "\n")
}

// report adds a finding about a cue of unit n. variant and pairs are those of its message in
// [English].
func (c *checker) report(n int, cue conference.Cue, s check.Severity, code check.Code, variant string, pairs ...string) {
	key := string(code)
	if variant != "" {
		key += "." + variant
	}
	detail := message.New(key, pairs...)
	c.reportDetail(n, cue, s, code, detail, English.Format(detail))
}

func (c *checker) reportDetail(n int, cue conference.Cue, s check.Severity, code check.Code, detail message.Message, text string) {
	f := c.units[n]
	_, remedy := ruleText(code)
	c.findings = append(c.findings, Finding{
		Code: code, Severity: s, Cue: cue.ID, Line: cue.Line, InSource: len(f.Target) == 0,
		StartMS: cue.Start.Milliseconds(), EndMS: cue.End.Milliseconds(),
		Source: f.source, Translation: f.target, Message: text, Detail: detail, Remedy: remedy,
	})
}

// checkUnit checks the translation of unit n: that it exists, is not a copy or out of date, and
// keeps numbers, tokens, terms and styles.
func (c *checker) checkUnit(n int) {
	f := c.units[n]
	switch {
	case len(f.Target) == 0:
		if hasSpeech(f.source) {
			c.report(n, f.Source[0], check.Error, MissingTranslation, "")
		}
		return
	case len(f.Source) == 0:
		c.report(n, f.Target[0].Cue, check.Note, UnknownSource, "")
		return
	}
	for _, t := range f.Target {
		if t.State == Untranslated && t.Text != "" {
			c.report(n, t.Cue, check.Error, CopyOfSource, "")
		}
	}
	if !f.isTranslated() {
		return
	}
	first := f.Target[0].Cue
	if f.State() == NeedsEditing {
		c.report(n, first, check.Warning, OutOfDate, "", "source", check.Excerpt(f.PreviousSource()))
	}
	c.checkNumbers(n)
	c.checkTokens(n)
	for _, m := range c.glossary.missedTerms(f.source, c.nearText(n), c.To) {
		variant := ""
		if m.note != "" {
			variant = "note"
		}
		c.report(n, first, check.Warning, GlossaryTerm, variant, "term", m.term, "wordings", "“"+strings.Join(m.wordings, "” / “")+"”", "note", m.note)
	}
	if hasStyle(f.Source) && !hasStyle(PlainCues(f.Target)) {
		c.report(n, first, check.Note, StyleLost, "")
	}
}

// hasSpeech reports whether a text has letters besides labels of speakers and of sounds, such as
// [MUSIC].
func hasSpeech(text string) bool {
	text = speakerLabel.ReplaceAllString(stageDirection.ReplaceAllString(text, " "), " ")
	return strings.ContainsFunc(text, unicode.IsLetter)
}

// speakerLabel matches the name of a speaker before what they say.
var speakerLabel = regexp.MustCompile(`(?m)^[\s>\-]*\p{Lu}[\p{L} .]{0,30}:`)

// hasStyle reports whether any cue has italics, bold, underline or colour.
func hasStyle(cues []conference.Cue) bool {
	return slices.ContainsFunc(cues, func(c conference.Cue) bool { return len(c.Spans) > 0 })
}

// checkNumbers reports numbers of unit n's source that its translation lacks or changes. A number
// may have moved to a nearby unit, unless the translation has a different number instead. Missing
// single digits are not reported, since they are often written as words.
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
		c.report(n, first, check.Warning, NumberChanged, "", "found", joinNumbers(strange), "source", joinNumbers(lost))
	case needed:
		c.report(n, first, check.Warning, NumberMissing, "", "source", joinNumbers(lost))
	}
}

// joinNumbers joins numbers with commas, leaving out those that repeat the one before.
func joinNumbers(all []string) string { return strings.Join(slices.Compact(all), ", ") }

// checkTokens reports addresses, code words and names in the source of unit n that are neither in
// its translation nor in those near it.
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
		c.report(n, first, check.Warning, tokenCode(t), "", "found", instead, "source", t.text)
	default:
		c.report(n, first, check.Warning, tokenCode(t), "missing", "source", t.text)
	}
}

func tokenCode(t token) check.Code {
	if t.kind == address {
		return AddressChanged
	}
	return CodeWordChanged
}

// reportName reports that name t is missing in unit n. If the talk's translation lacks it twice or
// more, and more often than it has it, only the first report is made, for the whole talk.
func (c *checker) reportName(n int, t token) {
	times := c.absentNames[t]
	if times == 0 {
		return
	}
	variant := ""
	if c.foundTokens[t] < times && times > 1 {
		variant = "often"
		c.absentNames[t] = 0
	}
	c.report(n, c.units[n].Target[0].Cue, check.Note, NameChanged, variant, "name", t.text)
}

// replacement returns the word that the translation of unit n has instead of t, or "" if it finds
// none.
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

// muchTooLongFactor is how many times the allowed reading time a much too long text needs.
const muchTooLongFactor = 1.5

// checkReadability adds the findings of package check about the translated cues, for the profile.
// Cues that are much too long get a finding of their own.
func (c *checker) checkReadability() {
	var cues []conference.Cue
	for _, f := range c.units {
		cues = append(cues, PlainCues(f.Target)...)
	}
	slices.SortStableFunc(cues, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	for _, r := range check.Check(cues, c.profile, c.To, 0).Findings {
		cue := cues[r.Cue-1]
		n := c.unitOf[cue.ID]
		if c.units[n].State() == Untranslated && r.Code != check.Empty {
			continue // its text will be replaced anyway
		}
		if r.Code == check.TooFast && c.muchTooLong(cue) {
			needs, shown := c.profile.ReadingTime(cue.Text).Seconds(), (cue.End - cue.Start).Seconds()
			c.report(n, cue, r.Severity, MuchTooLong, "", "profile", c.profile.Name, "needs", fmt.Sprintf("%.1f s", needs),
				"shown", fmt.Sprintf("%.1f s", shown), "percent", strconv.Itoa(int(100*shown/needs)))
			continue
		}
		c.reportDetail(n, cue, r.Severity, r.Code, r.Detail, r.Message)
	}
}

// muchTooLong reports whether a cue's text takes at least muchTooLongFactor times as long to read
// as it is shown.
func (c *checker) muchTooLong(cue conference.Cue) bool {
	needs, shown := c.profile.ReadingTime(cue.Text), cue.End-cue.Start
	return shown > 0 && needs.Seconds() >= muchTooLongFactor*shown.Seconds()
}

// checkPairs reports unpaired brackets and quotation marks, in Spanish also question and
// exclamation marks, and markup that viewers would see.
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
			c.report(n, f.Target[0].Cue, check.Warning, BrokenMarkup, "", "markup", m)
		}
	}
}

// reportUnpaired reports the unpaired signs of target, the translation, except those near which
// source has one, too.
func (c *checker) reportUnpaired(source, target []unpaired, s check.Severity) {
	for _, l := range target {
		if slices.ContainsFunc(source, func(o unpaired) bool { return o.cue-l.cue <= nearDistance && l.cue-o.cue <= nearDistance }) {
			continue
		}
		for _, t := range c.units[l.cue].Target {
			if strings.ContainsRune(t.Text, l.sign) {
				c.report(l.cue, t.Cue, s, Unclosed, "", "sign", string(l.sign), "partner", string(l.partner))
				break
			}
		}
	}
}

// Clock returns the start time of the finding's cue as HH:MM:SS, with milliseconds if it has any.
func (f Finding) Clock() string {
	return timeline.FormatClock(time.Duration(f.StartMS) * time.Millisecond)
}
