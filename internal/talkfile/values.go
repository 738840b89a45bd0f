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

// errorAt returns an error with the line of a value. strictyaml adds the file.
func errorAt(node *yaml.Node, format string, args ...any) *inputerr.Error {
	return inputerr.New("", format, args...).At(node.Line)
}

// Kind is "talk" or "tutorial".
type Kind string

func (Kind) schema() map[string]any { return map[string]any{"enum": []string{"talk", "tutorial"}} }

// UnmarshalYAML decodes talk or tutorial. Any other value is an error.
func (k *Kind) UnmarshalYAML(node *yaml.Node) error {
	if node.Value != "talk" && node.Value != "tutorial" {
		return errorAt(node, "%q is not a kind of talk", node.Value).Hint("Write talk or tutorial.")
	}
	*k = Kind(node.Value)
	return nil
}

// Date is a day, YYYY-MM-DD.
type Date string

func (Date) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`}
}

// UnmarshalYAML decodes a date, YYYY-MM-DD. Another form, or a day that does not exist, is an
// error.
func (d *Date) UnmarshalYAML(node *yaml.Node) error {
	if _, err := time.Parse(time.DateOnly, node.Value); err != nil {
		return errorAt(node, "%q is not a date", node.Value).Hint("Write it as 2026-05-31.")
	}
	*d = Date(node.Value)
	return nil
}

// Language is a BCP 47 tag in its canonical form.
type Language string

func (Language) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML decodes a language tag in its canonical form. An unknown one is an error.
func (l *Language) UnmarshalYAML(node *yaml.Node) error {
	tag, err := decodeLanguage(node)
	*l = Language(tag)
	return err
}

// decodeLanguage returns the canonical form of a language tag. An unknown tag is an error with its
// line.
func decodeLanguage(node *yaml.Node) (string, error) {
	tag, err := subtitle.CanonicalLanguage(node.Value)
	if f := inputerr.As(err); f != nil {
		return "", f.At(node.Line)
	}
	return tag, err
}

// Translations maps BCP 47 tags to the text in that language.
type Translations map[string]string

func (Translations) schema() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
}

// UnmarshalYAML decodes texts by language, with canonical tags. An unknown or repeated language is
// an error.
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
			return errorAt(node.Content[i], "%s appears twice", subtitle.EnglishLanguageName(tag))
		}
		(*w)[tag] = node.Content[i+1].Value
	}
	return nil
}

// SingleLine is a text in one line, such as a title or a name. It is not empty.
type SingleLine string

func (SingleLine) schema() map[string]any { return map[string]any{"type": "string", "pattern": `\S`} }

// UnmarshalYAML decodes a text, and joins its lines with single spaces. An empty text is an error.
func (n *SingleLine) UnmarshalYAML(node *yaml.Node) error {
	*n = SingleLine(strings.Join(strings.Fields(node.Value), " "))
	if *n == "" {
		return errorAt(node, "this value is empty").Hint("Fill it in, or remove the key.")
	}
	return nil
}

// URL is an absolute http or https address.
type URL string

func (URL) schema() map[string]any { return map[string]any{"type": "string", "format": "uri"} }

// UnmarshalYAML decodes a web address. Anything but a full http:// or https:// address is an error.
func (u *URL) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := url.Parse(node.Value)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return errorAt(node, "%q is not a web address", node.Value).Hint("Write it in full, beginning with https://.")
	}
	*u = URL(node.Value)
	return nil
}

// UnmarshalYAML decodes a link. One without an address is an error.
func (l *Link) UnmarshalYAML(node *yaml.Node) error {
	type plain Link
	if err := node.Decode((*plain)(l)); err != nil {
		return err
	}
	if l.URL == "" {
		return errorAt(node, "the link %q has no url", l.Title).Hint("Add url: https://….")
	}
	return nil
}

// Timestamp is a time from the start of the reel.
type Timestamp time.Duration

func (Timestamp) schema() map[string]any {
	return map[string]any{"type": []string{"string", "number"}, "description": "HH:MM:SS, MM:SS or seconds"}
}

// UnmarshalYAML decodes a time as timeline.ParseClock parses it.
func (c *Timestamp) UnmarshalYAML(node *yaml.Node) error {
	at, err := timeline.ParseClock(node.Value)
	if err != nil {
		return errorAt(node, "%v", err)
	}
	*c = Timestamp(at)
	return nil
}

// TimeOfDay is a time of day, such as 09:00 or 09:00:30.
type TimeOfDay string

func (TimeOfDay) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": `^\d{1,2}:\d{2}(:\d{2})?$`}
}

// UnmarshalYAML decodes a time of day, HH:MM or HH:MM:SS. Another form, or a time that does not
// exist, is an error.
func (t *TimeOfDay) UnmarshalYAML(node *yaml.Node) error {
	if _, err := TimeOfDay(node.Value).parse(); err != nil {
		return errorAt(node, "%q is not a time of day", node.Value).Hint("Write it as 09:00, or 09:00:30.")
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

// since returns how long after begins t is. If t is earlier in the day, it is on the next day.
func (t TimeOfDay) since(begins TimeOfDay) time.Duration {
	own, _ := t.parse() // UnmarshalYAML checked both
	from, _ := begins.parse()
	if own.Before(from) {
		own = own.Add(24 * time.Hour)
	}
	return own.Sub(from)
}

// UnmarshalYAML decodes a chapter. One without a title, or without exactly one time, is an error.
func (c *Chapter) UnmarshalYAML(node *yaml.Node) error {
	type plain Chapter
	if err := node.Decode((*plain)(c)); err != nil {
		return err
	}
	c.line = node.Line
	switch {
	case c.Title == "":
		return errorAt(node, "a chapter has no title").Hint("Add title: ….")
	case c.At == nil && c.Time == "":
		return errorAt(node, "the chapter %q has no time", c.Title).Hint("Add at: 00:12:30, or time: 10:45.")
	case c.At != nil && c.Time != "":
		return errorAt(node, "the chapter %q has two times", c.Title).Hint("Give either at: or time:.")
	}
	return nil
}

// Description is a template; see conference.DescriptionWords.
type Description string

func (Description) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML decodes a template of descriptions. An unknown placeholder is an error with its
// line.
func (d *Description) UnmarshalYAML(node *yaml.Node) error {
	words := conference.DescriptionPlaceholders()
	for n, line := range strings.Split(node.Value, "\n") {
		for _, word := range conference.Placeholders(line) {
			if slices.Contains(words, word) {
				continue
			}
			at := node.Line + n
			if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				at++ // the text begins below the | or >
			}
			return inputerr.New("", "the description has the unknown placeholder {%s}%s", word, strictyaml.DidYouMean(word, words)).
				At(at).Hint("Known placeholders: {%s}.", strings.Join(words, "}, {"))
		}
	}
	*d = Description(node.Value)
	return nil
}
