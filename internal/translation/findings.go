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
	Missing       check.Code = "untranslated"    // no translation
	Copy          check.Code = "copy-of-source"  // the source again
	OutOfDate     check.Code = "out-of-date"     // of what the source does not say any more
	NumberChanged check.Code = "number-changed"  //
	NumberMissing check.Code = "number-missing"  //
	Address       check.Code = "address-changed" // of a page or a mailbox
	CodeWord      check.Code = "code-changed"    //
	Name          check.Code = "name-changed"    // or an abbreviation
	Term          check.Code = "glossary"        // not as the conference calls it
	MuchTooLong   check.Code = "much-too-long"   // half as much again as can be read
	Bracket       check.Code = "unclosed"        // or a quotation mark
	Markup        check.Code = "broken-markup"   // viewers see it
	Look          check.Code = "look-lost"       // the source's italics, bold or colour
	Unbound       check.Code = "unknown-source"  // nobody knows of what it is the translation
)

type pairRule struct {
	code   check.Code
	title  string
	remedy string
}

// pairRules are those codes, gravest first, in words for the summary.
var pairRules = []pairRule{
	{Missing, "not translated", "translate it, or take it out of the source"},
	{Copy, "copy of the source", "translate it"},
	{OutOfDate, "source changed since", "see whether the translation is still right"},
	{NumberChanged, "another number", "compare it with the source, and correct it"},
	{NumberMissing, "number missing", "say it, in digits or in words"},
	{Address, "address changed", "copy it from the source"},
	{CodeWord, "code word changed", "copy it from the source"},
	{MuchTooLong, "much too long", "say it in fewer words"},
	{Term, "not as the glossary says", "use the conference's word"},
	{Bracket, "not closed, or not opened", "put in the other one, or take it out"},
	{Markup, "broken markup", "mend or remove it"},
	{Name, "name not found", "keep it, if your language does"},
	{Look, "italics or colour lost", "mark what the source marks"},
	{Unbound, "of unknown source", "check its time, or leave it if it is an addition"},
}

// rule is the title of a rule of either kind, and what is to be done.
func rule(code check.Code) (title, remedy string) {
	for _, r := range pairRules {
		if r.code == code {
			return r.title, r.remedy
		}
	}
	title, remedy = check.Rule(code)
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
		c.unit(n)
	}
	c.readable()
	c.signs()
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.StartMS, b.StartMS), strings.Compare(a.Cue, b.Cue))
	})
	return c.found
}

// checker looks a sheet through.
type checker struct {
	Sheet
	profile  check.Profile
	glossary *Glossary
	lexicon  lexicon
	units    []facts
	of       map[string]int // by the id of a translated cue, its unit
	absent   map[token]int  // names, and in how many units each is not
	present  map[token]int
	found    []Finding
}

// facts are those about a unit.
type facts struct {
	Unit
	source, target string
	said           amounts // in the source
	there          amounts // in the translation
}

func newChecker(s Sheet, p check.Profile, g *Glossary) *checker {
	c := &checker{Sheet: s, profile: p, glossary: g, of: make(map[string]int), absent: make(map[token]int), present: make(map[token]int)}
	for _, u := range s.Units {
		u.Target = slices.DeleteFunc(slices.Clone(u.Target), func(t Cue) bool { return t.State == Obsolete })
		if len(u.Source)+len(u.Target) == 0 {
			continue
		}
		f := facts{Unit: u, source: textOf(u.Source), target: textOf(plain(u.Target))}
		f.said, f.there = amountsOf(f.source, s.From), amountsOf(f.target, s.To)
		for _, t := range u.Target {
			c.of[t.ID] = len(c.units)
		}
		c.lexicon.noFlags = c.lexicon.noFlags || dashes.MatchString(f.source)
		c.units = append(c.units, f)
	}
	for n := range c.units {
		for _, t := range c.lexicon.tokens(c.units[n].source) {
			if t.in(c.around(n)) {
				c.present[t]++
			} else if t.kind == proper && c.units[n].worded() {
				c.absent[t]++
			}
		}
	}
	return c
}

// worded reports whether there is a translation with words of its own.
func (f facts) worded() bool {
	return len(f.Source) > 0 && f.target != "" && f.State() != Untranslated
}

// Words that a language wants elsewhere in a sentence come in other cues: those of so many
// units before and after, if they are not far.
const (
	nearUnits = 2
	nearTime  = 12 * time.Second
)

// near are the units around one, and itself.
func (c *checker) near(n int) []facts {
	from, to := n, n+1
	start, end := c.units[n].span()
	for from > 0 && from > n-nearUnits {
		if _, e := c.units[from-1].span(); start-e > nearTime {
			break
		}
		from--
	}
	for to < len(c.units) && to <= n+nearUnits {
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
		cues = plain(u.Target)
	}
	return cues[0].Start, cues[len(cues)-1].End
}

// around is what the translation says near a unit.
func (c *checker) around(n int) string {
	var texts []string
	for _, f := range c.near(n) {
		texts = append(texts, f.target)
	}
	return strings.Join(texts, "\n")
}

// add notes a finding about a cue of a unit.
func (c *checker) add(n int, cue conference.Cue, s check.Severity, code check.Code, format string, args ...any) {
	f := c.units[n]
	_, remedy := rule(code)
	c.found = append(c.found, Finding{
		Code: code, Severity: s, Cue: cue.ID, Line: cue.Line, InSource: len(f.Target) == 0,
		StartMS: cue.Start.Milliseconds(), EndMS: cue.End.Milliseconds(),
		Source: f.source, Translation: f.target, Message: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// unit looks at what a unit says.
func (c *checker) unit(n int) {
	f := c.units[n]
	switch {
	case len(f.Target) == 0:
		if spoken(f.source) {
			c.add(n, f.Source[0], check.Error, Missing, "is not translated")
		}
		return
	case len(f.Source) == 0:
		c.add(n, f.Target[0].Cue, check.Note, Unbound, "stands where the source says nothing")
		return
	}
	for _, t := range f.Target {
		if t.State == Untranslated && t.Text != "" {
			c.add(n, t.Cue, check.Error, Copy, "only repeats the source")
		}
	}
	if !f.worded() {
		return
	}
	first := f.Target[0].Cue
	if f.State() == NeedsEditing {
		c.add(n, first, check.Warning, OutOfDate, "was made when the source said “%s”", check.Excerpt(f.Was()))
	}
	c.numbers(n)
	c.tokens(n)
	for _, m := range c.glossary.missed(f.source, c.around(n), c.To) {
		c.add(n, first, check.Warning, Term, "says “%s” in another way than the glossary, which has %s%s", m.term, quoted(m.ways), hint(m.note))
	}
	if looks(f.Source) && !looks(plain(f.Target)) {
		c.add(n, first, check.Note, Look, "has none of the italics, bold or colour that the source has")
	}
}

func quoted(words []string) string {
	return "“" + strings.Join(words, "” or “") + "”"
}

func hint(note string) string {
	if note == "" {
		return ""
	}
	return " (" + note + ")"
}

// spoken reports whether a text has anything that can be translated, besides remarks such
// as [MUSIC].
func spoken(text string) bool {
	text = speaker.ReplaceAllString(aside.ReplaceAllString(text, " "), " ")
	return strings.ContainsFunc(text, unicode.IsLetter)
}

// speaker is who says what comes next.
var speaker = regexp.MustCompile(`(?m)^[\s>\-]*\p{Lu}[\p{L} .]{0,30}:`)

func looks(cues []conference.Cue) bool {
	return slices.ContainsFunc(cues, func(c conference.Cue) bool { return len(c.Spans) > 0 })
}

// numbers compares those of a unit. One that is found nearby may have moved there, unless
// another stands where it was.
func (c *checker) numbers(n int) {
	f, near := c.units[n], c.near(n)
	var strange []string
	large := false
	for _, fig := range figures(f.target) {
		if !slices.ContainsFunc(near, func(o facts) bool { return o.said.has(fig) }) {
			strange = append(strange, fig.text)
			large = large || !fig.small()
		}
	}
	if large {
		near = []facts{f}
	}
	var lost []string
	needed := false
	for _, fig := range figures(f.source) {
		if !slices.ContainsFunc(near, func(o facts) bool { return o.there.has(fig) }) {
			lost = append(lost, fig.text)
			needed = needed || !fig.small()
		}
	}
	first := f.Target[0].Cue
	switch {
	case len(lost) > 0 && len(strange) > 0:
		c.add(n, first, check.Warning, NumberChanged, "says %s where the source says %s", listed(strange), listed(lost))
	case needed:
		c.add(n, first, check.Warning, NumberMissing, "does not say %s, which the source does", listed(lost))
	}
}

// listed is a few things in a sentence.
func listed(all []string) string {
	all = slices.Compact(all)
	if n := len(all) - 1; n > 0 {
		return strings.Join(all[:n], ", ") + " and " + all[n]
	}
	return all[0]
}

// tokens compares addresses, code words and names.
func (c *checker) tokens(n int) {
	f, around := c.units[n], c.around(n)
	for _, t := range c.lexicon.tokens(f.source) {
		if t.in(around) {
			continue
		}
		c.token(n, t, c.instead(n, t))
	}
}

func (c *checker) token(n int, t token, instead string) {
	first := c.units[n].Target[0].Cue
	switch {
	case t.kind == proper:
		c.name(n, t)
	case instead != "":
		c.add(n, first, check.Warning, codeOf(t), "says “%s” where the source says “%s”", instead, t.text)
	default:
		c.add(n, first, check.Warning, codeOf(t), "does not say “%s”, which stays as it is in any language", t.text)
	}
}

func codeOf(t token) check.Code {
	if t.kind == address {
		return Address
	}
	return CodeWord
}

// name tells of a name that is not there. Where a translation never says it so, it is told
// once.
func (c *checker) name(n int, t token) {
	times := c.absent[t]
	if times == 0 {
		return
	}
	also := ""
	if c.present[t] < times && times > 1 {
		also = ", here and elsewhere"
		c.absent[t] = 0
	}
	c.add(n, c.units[n].Target[0].Cue, check.Note, Name, "does not say “%s”%s", t.text, also)
}

// instead is a word of the translation that stands where a token should.
func (c *checker) instead(n int, t token) string {
	for _, other := range (lexicon{}).tokens(c.units[n].target) {
		same := slices.ContainsFunc(c.near(n), func(o facts) bool { return other.in(o.source) })
		if other.kind == t.kind && !same {
			return other.text
		}
	}
	if t.written(c.units[n].target) {
		for _, w := range strings.Fields(c.units[n].target) {
			if t.written(w) {
				return w
			}
		}
	}
	return ""
}

// tooMuch is how many times as long as the profile allows a text is much too long.
const tooMuch = 1.5

// readable holds the translation against the profile.
func (c *checker) readable() {
	var cues []conference.Cue
	for _, f := range c.units {
		cues = append(cues, plain(f.Target)...)
	}
	slices.SortStableFunc(cues, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	for _, r := range check.Check(cues, c.profile, c.To, 0).Findings {
		cue := cues[r.Cue-1]
		n := c.of[cue.ID]
		if c.units[n].State() == Untranslated && r.Code != check.Empty {
			continue // it will be replaced
		}
		if code, message, ok := c.muchTooLong(cue); ok && r.Code == check.TooFast {
			r.Code, r.Message = code, message
		}
		c.add(n, cue, r.Severity, r.Code, "%s", r.Message)
	}
}

// muchTooLong tells of a text that no other timing would make room for.
func (c *checker) muchTooLong(cue conference.Cue) (code check.Code, message string, ok bool) {
	wants, stands := c.profile.Needs(cue.Text), cue.End-cue.Start
	if stands <= 0 || wants.Seconds() < tooMuch*stands.Seconds() {
		return "", "", false
	}
	part := stands.Seconds() / wants.Seconds()
	return MuchTooLong, fmt.Sprintf("needs %.1f s to be read by %s and stands for %.1f s: say it in %d %% of its length",
		wants.Seconds(), c.profile.Name, stands.Seconds(), int(100*part)), true
}

// signs looks at brackets, quotation marks and markup, over all cues.
func (c *checker) signs() {
	var from, to []string
	for _, f := range c.units {
		from = append(from, f.source)
		text := f.target
		if len(f.Target) > 0 && !f.worded() {
			text = ""
		}
		to = append(to, text)
	}
	c.lone(unbalanced(from, brackets), unbalanced(to, brackets), check.Warning)
	c.lone(oddQuotes(from), oddQuotes(to), check.Warning)
	if strings.HasPrefix(c.To, "es") {
		c.lone(nil, unbalanced(named(to), questions), check.Note)
	}
	for n, f := range c.units {
		if m := markup(to[n]); m != "" && markup(f.source) == "" {
			c.add(n, f.Target[0].Cue, check.Warning, Markup, "shows viewers “%s”", m)
		}
	}
}

// lone tells of signs of the translation that have no counterpart, unless the source has
// such there as well.
func (c *checker) lone(source, target []lone, s check.Severity) {
	for _, l := range target {
		if slices.ContainsFunc(source, func(o lone) bool { return o.cue-l.cue <= nearUnits && l.cue-o.cue <= nearUnits }) {
			continue
		}
		for _, t := range c.units[l.cue].Target {
			if strings.ContainsRune(t.Text, l.sign) {
				c.add(l.cue, t.Cue, s, Bracket, "has %c without %c", l.sign, l.want)
				break
			}
		}
	}
}

// Clock is when a finding's cue is shown.
func (f Finding) Clock() string {
	return timeline.FormatClock(time.Duration(f.StartMS) * time.Millisecond)
}
