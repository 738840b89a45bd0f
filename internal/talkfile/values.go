package talkfile

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
)

// errorAt is a fault of a value, whose file strictyaml adds.
func errorAt(node *yaml.Node, format string, args ...any) *inputerr.Error {
	return inputerr.New("", format, args...).At(node.Line)
}

// Kind is "talk" or "tutorial".
type Kind string

func (Kind) schema() map[string]any { return map[string]any{"enum": []string{"talk", "tutorial"}} }

// UnmarshalYAML refuses other kinds.
func (k *Kind) UnmarshalYAML(node *yaml.Node) error {
	if node.Value != "talk" && node.Value != "tutorial" {
		return errorAt(node, "the kind %q is not known", node.Value).Hint("Write talk or tutorial.")
	}
	*k = Kind(node.Value)
	return nil
}

// Date is a day, YYYY-MM-DD.
type Date string

func (Date) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`}
}

// UnmarshalYAML refuses what is not a day of the calendar.
func (d *Date) UnmarshalYAML(node *yaml.Node) error {
	if _, err := time.Parse(time.DateOnly, node.Value); err != nil {
		return errorAt(node, "the date %q is not a day of the calendar", node.Value).Hint("Write it as 2026-05-31.")
	}
	*d = Date(node.Value)
	return nil
}

// Language is a BCP 47 tag in its canonical form.
type Language string

func (Language) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML refuses tags that name no language.
func (l *Language) UnmarshalYAML(node *yaml.Node) error {
	tag, err := decodeLanguage(node)
	*l = Language(tag)
	return err
}

func decodeLanguage(node *yaml.Node) (string, error) {
	tag, err := subtitle.CanonicalLanguage(node.Value)
	if f := inputerr.As(err); f != nil {
		return "", f.At(node.Line)
	}
	return tag, err
}

// Translations are the same words in several languages, by BCP 47.
type Translations map[string]string

func (Translations) schema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
}

// UnmarshalYAML refuses tags that name no language, and a language named twice.
func (w *Translations) UnmarshalYAML(node *yaml.Node) error {
	var plain map[string]string
	if err := node.Decode(&plain); err != nil {
		return err
	}
	*w = make(Translations)
	for i := 0; i+1 < len(node.Content); i += 2 {
		tag, err := decodeLanguage(node.Content[i])
		if err != nil {
			return err
		}
		if _, twice := (*w)[tag]; twice {
			return errorAt(node.Content[i], "%s is here twice", subtitle.EnglishLanguageName(tag))
		}
		(*w)[tag] = node.Content[i+1].Value
	}
	return nil
}

// SingleLine is words that something is called by, in a line: a title, or a speaker.
type SingleLine string

func (SingleLine) schema() map[string]any { return map[string]any{"type": "string", "pattern": `\S`} }

// UnmarshalYAML makes one line of words, and refuses to have none.
func (n *SingleLine) UnmarshalYAML(node *yaml.Node) error {
	*n = SingleLine(strings.Join(strings.Fields(node.Value), " "))
	if *n == "" {
		return errorAt(node, "nothing is written here").Hint("Write what belongs here, or take it away.")
	}
	return nil
}

// URL is an absolute address of the web.
type URL string

func (URL) schema() map[string]any { return map[string]any{"type": "string", "format": "uri"} }

// UnmarshalYAML refuses what a browser could not open.
func (u *URL) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := url.Parse(node.Value)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return errorAt(node, "%q is no address of the web", node.Value).Hint("Write it whole, with https:// in front.")
	}
	*u = URL(node.Value)
	return nil
}

// UnmarshalYAML reads a link, which leads somewhere.
func (l *Link) UnmarshalYAML(node *yaml.Node) error {
	type plain Link
	if err := node.Decode((*plain)(l)); err != nil {
		return err
	}
	if l.URL == "" {
		return errorAt(node, "the link %q leads nowhere", l.Title).Hint("Add url: https://…")
	}
	return nil
}

// Timestamp is a time on the clock of a recording.
type Timestamp time.Duration

func (Timestamp) schema() map[string]any {
	return map[string]any{"type": []string{"string", "number"}, "description": "HH:MM:SS, MM:SS or seconds"}
}

// UnmarshalYAML reads what timeline.ParseClock does.
func (c *Timestamp) UnmarshalYAML(node *yaml.Node) error {
	at, err := timeline.ParseClock(node.Value)
	if err != nil {
		return errorAt(node, "%v", err)
	}
	*c = Timestamp(at)
	return nil
}

// TimeOfDay is one, such as 09:00, or 09:00:30.
type TimeOfDay string

func (TimeOfDay) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^\d{1,2}:\d{2}(:\d{2})?$`}
}

// UnmarshalYAML refuses what no clock shows.
func (t *TimeOfDay) UnmarshalYAML(node *yaml.Node) error {
	if _, err := TimeOfDay(node.Value).parse(); err != nil {
		return errorAt(node, "%q is no time of day", node.Value).Hint("Write it as 09:00, or 09:00:30.")
	}
	*t = TimeOfDay(node.Value)
	return nil
}

func (t TimeOfDay) parse() (time.Time, error) {
	layout := "15:04"
	if strings.Count(string(t), ":") == 2 {
		layout = "15:04:05"
	}
	return time.Parse(layout, string(t))
}

// since is how long after begins t is; past midnight, if it is earlier by the clock.
func (t TimeOfDay) since(begins TimeOfDay) time.Duration {
	own, _ := t.parse() // they were checked when they were read
	from, _ := begins.parse()
	if own.Before(from) {
		own = own.Add(24 * time.Hour)
	}
	return own.Sub(from)
}

// UnmarshalYAML reads a chapter, which has a title, and one time.
func (c *Chapter) UnmarshalYAML(node *yaml.Node) error {
	type plain Chapter
	if err := node.Decode((*plain)(c)); err != nil {
		return err
	}
	c.line = node.Line
	switch {
	case c.Title == "":
		return errorAt(node, "a chapter has no title").Hint("Add title: …")
	case c.At == nil && c.Time == "":
		return errorAt(node, "the chapter %q does not say when it begins", c.Title).Hint("Add at: 00:12:30, or time: 10:45.")
	case c.At != nil && c.Time != "":
		return errorAt(node, "the chapter %q begins at two times", c.Title).Hint("Give at: or time:, not both.")
	}
	return nil
}

// Description is a template; see conference.DescriptionWords.
type Description string

func (Description) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML refuses words in braces that nothing is known by.
func (d *Description) UnmarshalYAML(node *yaml.Node) error {
	words := conference.DescriptionPlaceholders()
	for n, line := range strings.Split(node.Value, "\n") {
		for _, word := range conference.Placeholders(line) {
			if slices.Contains(words, word) {
				continue
			}
			at := node.Line + n
			if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				at++ // below the | or >
			}
			return inputerr.New("", "the description has {%s}, and nothing is known by that%s", word, strictyaml.DidYouMean(word, words)).
				At(at).Hint("Known here: {%s}.", strings.Join(words, "}, {"))
		}
	}
	*d = Description(node.Value)
	return nil
}
