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

// wrong is a fault of a value, whose file strictyaml adds.
func wrong(node *yaml.Node, format string, args ...any) *inputerr.Fault {
	return inputerr.New("", format, args...).At(node.Line)
}

// Kind is "talk" or "tutorial".
type Kind string

func (Kind) schema() map[string]any { return map[string]any{"enum": []string{"talk", "tutorial"}} }

// UnmarshalYAML refuses other kinds.
func (k *Kind) UnmarshalYAML(node *yaml.Node) error {
	if node.Value != "talk" && node.Value != "tutorial" {
		return wrong(node, "the kind %q is not known", node.Value).Try("Write talk or tutorial.")
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
		return wrong(node, "the date %q is not a day of the calendar", node.Value).Try("Write it as 2026-05-31.")
	}
	*d = Date(node.Value)
	return nil
}

// Language is a BCP 47 tag in its canonical form.
type Language string

func (Language) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML refuses tags that name no language.
func (l *Language) UnmarshalYAML(node *yaml.Node) error {
	tag, err := languageAt(node)
	*l = Language(tag)
	return err
}

func languageAt(node *yaml.Node) (string, error) {
	tag, err := subtitle.Language(node.Value)
	if f := inputerr.Of(err); f != nil {
		return "", f.At(node.Line)
	}
	return tag, err
}

// Words are the same words in several languages, by BCP 47.
type Words map[string]string

func (Words) schema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
}

// UnmarshalYAML refuses tags that name no language, and a language named twice.
func (w *Words) UnmarshalYAML(node *yaml.Node) error {
	var plain map[string]string
	if err := node.Decode(&plain); err != nil {
		return err
	}
	*w = make(Words)
	for i := 0; i+1 < len(node.Content); i += 2 {
		tag, err := languageAt(node.Content[i])
		if err != nil {
			return err
		}
		if _, twice := (*w)[tag]; twice {
			return wrong(node.Content[i], "%s is here twice", subtitle.EnglishName(tag))
		}
		(*w)[tag] = node.Content[i+1].Value
	}
	return nil
}

// Name is words that something is called by, in a line: a title, or a speaker.
type Name string

func (Name) schema() map[string]any { return map[string]any{"type": "string", "pattern": `\S`} }

// UnmarshalYAML makes one line of words, and refuses to have none.
func (n *Name) UnmarshalYAML(node *yaml.Node) error {
	*n = Name(strings.Join(strings.Fields(node.Value), " "))
	if *n == "" {
		return wrong(node, "nothing is written here").Try("Write what belongs here, or take it away.")
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
		return wrong(node, "%q is no address of the web", node.Value).Try("Write it whole, with https:// in front.")
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
		return wrong(node, "the link %q leads nowhere", l.Title).Try("Add url: https://…")
	}
	return nil
}

// Clock is a time on the clock of a recording.
type Clock time.Duration

func (Clock) schema() map[string]any {
	return map[string]any{"type": []string{"string", "number"}, "description": "HH:MM:SS, MM:SS or seconds"}
}

// UnmarshalYAML reads what timeline.ParseClock does.
func (c *Clock) UnmarshalYAML(node *yaml.Node) error {
	at, err := timeline.ParseClock(node.Value)
	if err != nil {
		return wrong(node, "%v", err)
	}
	*c = Clock(at)
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
		return wrong(node, "%q is no time of day", node.Value).Try("Write it as 09:00, or 09:00:30.")
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

// after is how long after begins t is; past midnight, if it is earlier by the clock.
func (t TimeOfDay) after(begins TimeOfDay) time.Duration {
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
		return wrong(node, "a chapter has no title").Try("Add title: …")
	case c.At == nil && c.Time == "":
		return wrong(node, "the chapter %q does not say when it begins", c.Title).Try("Add at: 00:12:30, or time: 10:45.")
	case c.At != nil && c.Time != "":
		return wrong(node, "the chapter %q begins at two times", c.Title).Try("Give at: or time:, not both.")
	}
	return nil
}

// Description is a template; see conference.DescriptionWords.
type Description string

func (Description) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML refuses words in braces that nothing is known by.
func (d *Description) UnmarshalYAML(node *yaml.Node) error {
	words := conference.DescriptionWords()
	for n, line := range strings.Split(node.Value, "\n") {
		for _, word := range conference.WordsOf(line) {
			if slices.Contains(words, word) {
				continue
			}
			at := node.Line + n
			if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				at++ // below the | or >
			}
			return inputerr.New("", "the description has {%s}, and nothing is known by that%s", word, strictyaml.DidYouMean(word, words)).
				At(at).Try("Known here: {%s}.", strings.Join(words, "}, {"))
		}
	}
	*d = Description(node.Value)
	return nil
}
