package check

import (
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
)

// English puts the details of findings into words. Each is a clause whose subject is the cue.
// Codes are those of the rules, followed by what distinguishes the case: "wide" counts
// full-width characters, and "line" knows where the other cue is in the file.
var English = message.Templates{
	"empty":                    "has no text",
	"no-duration":              "ends at {end}, which is not after its start",
	"outside-recording.before": "starts {by} before the recording",
	"outside-recording.after":  "starts {by} after the end of the recording, at {end}",
	"too-fast":                 "has {speed} characters a second to read; the maximum is {limit} (it needs {needs} and is shown for {shown})",
	"too-fast.wide":            "has {speed} full-width characters a second to read; the maximum is {limit} (it needs {needs} and is shown for {shown})",
	"too-fast.words":           "has {speed} words a minute to read; the maximum is {limit} (it needs {needs} and is shown for {shown})",
	"long-line":                "has a line of {length} characters; the maximum is {limit}",
	"long-line.wide":           "has a line of {length} full-width characters; the maximum is {limit}",
	"too-many-lines":           "has {lines} lines; the maximum is {limit}",
	"too-short":                "is shown for {shown}; the minimum is {limit}",
	"too-long":                 "is shown for {shown}; the maximum is {limit}",
	"overlap":                  "starts {by} before the end of the cue before it",
	"overlap.line":             "starts {by} before the end of the cue before it (line {line})",
	"duplicate":                "repeats the cue before it while that is still shown",
	"duplicate.line":           "repeats the cue before it (line {line}) while that is still shown",
	"order":                    "starts before the cue above it",
	"order.line":               "starts before the cue above it (line {line})",
	"poor-break.article":       "breaks the line between “{before}” and “{after}”: an article belongs with its noun",
	"poor-break.determiner":    "breaks the line between “{before}” and “{after}”: it belongs with its noun",
	"poor-break.preposition":   "breaks the line between “{before}” and “{after}”: a preposition belongs with what follows it",
	"poor-break.conjunction":   "breaks the line between “{before}” and “{after}”: a conjunction belongs with what follows it",
	"poor-break.pronoun":       "breaks the line between “{before}” and “{after}”: a pronoun belongs with its verb",
	"poor-break.auxiliary":     "breaks the line between “{before}” and “{after}”: an auxiliary belongs with its verb",
	"poor-break.title":         "breaks the line between “{before}” and “{after}”: a title belongs with its name",
	"poor-break.name":          "breaks the line between “{before}” and “{after}”: the parts of a name belong together",
	"gap":                      "starts {gap} after the end of the cue before it; the minimum is {limit}",
	"gap.flicker":              "leaves the screen empty for {gap}, which flickers; close the gap, or leave {limit}",
	"unbalanced":               "has lines of {first} and {second} characters, one of them {ratio} times as long as the other or more",
	"unbalanced.wide":          "has lines of {first} and {second} full-width characters, one of them {ratio} times as long as the other or more",
}

// newFinding returns a finding with an English message. variant distinguishes cases of the rule,
// and pairs are names and values for the message; see [English]. The excess is cut to maxExcess.
func newFinding(s Severity, c Code, excess float64, variant string, pairs ...string) Finding {
	code := string(c)
	if variant != "" {
		code += "." + variant
	}
	detail := message.New(code, pairs...)
	return Finding{Severity: s, Code: c, Message: English.Format(detail), Detail: detail, excess: min(excess, maxExcess)}
}

// pairFinding returns a finding about a cue that conflicts with other. The message names the line
// of the file on which other is, unless that is unknown (0).
func pairFinding(s Severity, c Code, excess float64, other conference.Cue, pairs ...string) Finding {
	if other.Line == 0 {
		return newFinding(s, c, excess, "", pairs...)
	}
	return newFinding(s, c, excess, "line", append(pairs, "line", fmt.Sprint(other.Line))...)
}

// seconds returns a duration in words: in milliseconds below one second, otherwise in seconds with
// one decimal.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// number returns a limit or a count in words, with at most four significant digits.
func number(x float64) string { return fmt.Sprintf("%.4g", x) }
