// Package talkfile reads what people write of a talk and of the conference it belongs to:
// talk.yaml, and the conference.yaml that it may name. Every key is documented, where it is
// declared here, in the commented examples in testdata, and in the JSON Schemas for
// editors that Schema makes of the former. A key that is not known is refused with its line
// and the one that was probably meant.
package talkfile

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
)

// Talk is the form of talk.yaml. The doc tags are what editors show of a key.
type Talk struct {
	Slug       string       `yaml:"slug" doc:"The name of the talk in files. Made of the title, once, where it is not given."`
	Title      SingleLine   `yaml:"title" doc:"The talk's title, in the language of the talk."`
	Titles     Translations `yaml:"titles" doc:"The title in other languages, by BCP 47."`
	Kind       Kind         `yaml:"kind" doc:"talk (half an hour) or tutorial (three hours)."`
	Speakers   []SingleLine `yaml:"speakers" doc:"Who speaks, in the order the cards name them."`
	Language   Language     `yaml:"language" doc:"The language that is spoken, by BCP 47: en, pt-BR."`
	Conference string       `yaml:"conference" doc:"The conference: its name, or the path, from this file, of a conference.yaml."`
	Abstract   string       `yaml:"abstract" doc:"What the talk is about, in the language of the talk. It begins the description."`
	Abstracts  Translations `yaml:"abstracts" doc:"The abstract in other languages, by BCP 47."`
	Tags       []SingleLine `yaml:"tags" doc:"What people may look for; those of the conference come after them."`
	Licence    string       `yaml:"licence" doc:"The licence of the recording, such as CC BY 4.0; the conference's where it is not given."`
	Date       Date         `yaml:"date" doc:"The day the talk was given: 2026-05-31."`
	URL        URL          `yaml:"url" doc:"The talk's page at the conference."`
	Links      []Link       `yaml:"links" doc:"Slides, code and the like, for the description."`
	Begins     TimeOfDay    `yaml:"begins" doc:"The time of day, as on the schedule, at which the first recording begins: 09:00. Chapters may count from it."`
	Length     Timestamp    `yaml:"length" doc:"How long the slot is: 00:30:00. You are told where far less is kept of the recordings, or far more."`
	Chapters   []Chapter    `yaml:"chapters" doc:"The parts of the talk, in their order. They follow the cut."`
	Sound      Audio        `yaml:"sound" doc:"What is heard of the recordings, and what is done to it."`
	Picture    Picture      `yaml:"picture" doc:"What is seen of the recordings."`
	Cards      TalkCards    `yaml:"cards" doc:"What the cards of this talk have of their own."`
	Fallback   Fallback     `yaml:"stand-in" doc:"What stands in for what a recording lacks. Without it, such a recording is refused."`
	Mute       []TimeRange  `yaml:"mute" doc:"Passages in which nothing is heard, on the clock of the recordings end to end: 00:12:30-00:12:36."`
	Blank      []TimeRange  `yaml:"blank" doc:"Passages in which nothing is seen, on the clock of the recordings end to end: 00:12:30-00:12:36."`
}

// Link is something that belongs to a talk and lies elsewhere.
type Link struct {
	Title string `yaml:"title" doc:"What it is: Slides."`
	URL   URL    `yaml:"url" doc:"Where it is."`
}

// Chapter is a part of a talk, which begins at one of two times.
type Chapter struct {
	At     *Timestamp   `yaml:"at" doc:"When it begins, on the clock of the recordings end to end: 00:12:30."`
	Time   TimeOfDay    `yaml:"time" doc:"When it begins, by the time of day: 10:45. It wants the talk's begins."`
	Title  SingleLine   `yaml:"title" doc:"What it is called, in the language of the talk."`
	Titles Translations `yaml:"titles" doc:"What it is called in other languages, by BCP 47."`
	line   int
}

// Audio is what is heard of the recordings.
type Audio struct {
	Floor        AudioSource    `yaml:"floor" doc:"Where the talk itself is heard in each recording, if not on its first sound."`
	Interpreters []Interpreter  `yaml:"interpreters" doc:"Where interpreters are heard. Each becomes a sound of its own in every video, at the same loudness."`
	HighPass     int            `yaml:"high-pass" doc:"Hz under which sound is taken away, 20 to 300: 80 for steps, wind and hum under a voice."`
	Noise        NoiseReduction `yaml:"noise" doc:"gentle: steady noise (fans, hiss) is lowered by 10 dB at most. keep, where it is not given."`
}

// Picture is what is seen of the recordings.
type Picture struct {
	Stream int `yaml:"stream" doc:"Which of a recording's moving pictures, counted from 1, where it has several: a camera's and a screen's."`
	Beside int `yaml:"beside" doc:"Which other one is shown beside it, on the right of the frame."`
	Share  int `yaml:"share" doc:"Per cent of the frame's width that the first of the two has, 30 to 80; two thirds where it is not given."`
}

// Fallback is what stands in for what a recording lacks.
type Fallback struct {
	Sound   AudioFallback   `yaml:"sound" doc:"silence: a recording without sound is silent."`
	Picture PictureFallback `yaml:"picture" doc:"waveform: a recording without picture shows its sound as it goes by, under the title, on what lies behind the cards."`
}

// AudioSource is where in each recording something is heard.
type AudioSource struct {
	Stream   int      `yaml:"stream" doc:"Which of the recording's sounds, counted from 1; the first where it is not given."`
	Channels Channels `yaml:"channels" doc:"Which of its channels: auto, left, right, mix or stereo."`
}

// Interpreter is one, and where in each recording they are heard.
type Interpreter struct {
	Language Language `yaml:"language" doc:"The language they speak, by BCP 47."`
	Stream   int      `yaml:"stream" doc:"Which of the recording's sounds, counted from 1; the first where it is not given."`
	Channels Channels `yaml:"channels" doc:"Which of its channels: auto, left, right, mix or stereo."`
	line     int
}

// Conference is the form of conference.yaml: what all talks of a conference share.
type Conference struct {
	Name        string       `yaml:"name" doc:"The conference's name, as the cards show it."`
	URL         URL          `yaml:"url" doc:"The conference's page."`
	Language    Language     `yaml:"language" doc:"The language that is spoken where a talk does not say, by BCP 47."`
	Licence     string       `yaml:"licence" doc:"The licence of the recordings where a talk does not say, such as CC BY 4.0."`
	Tags        []SingleLine `yaml:"tags" doc:"What people may look for; every talk gets them after its own."`
	Description Description  `yaml:"description" doc:"How descriptions for upload are composed, with words such as {abstract} for what is known of a talk."`
	Cards       Cards        `yaml:"cards" doc:"What opening and closing cards look like. What is not said is as in Lectern's own."`
}

// Contents is what the files say of a talk.
type Contents struct {
	Talk       conference.Talk
	Conference conference.Conference
	Treatment  conference.Treatment
	font       Font
}

// Read reads the talk's file at path, and the conference's if it names one. All errors are
// a *inputerr.Error of the file that is wrong.
func Read(path string) (facts Contents, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Contents{}, inputerr.New(path, "cannot be read: %v", err).Hint("Name a YAML file that describes the talk.")
	}
	var t Talk
	if err := strictyaml.Decode(path, text, &t); err != nil {
		return Contents{}, err
	}
	if t.Slug != "" && !conference.ValidSlug(t.Slug) {
		return Contents{}, inputerr.New(path, "the slug %q cannot name files", t.Slug).At(keyLine(text, "slug")).Hint("Use letters, digits and hyphens.")
	}
	facts.Talk = conference.Talk{
		Slug: t.Slug, Title: string(t.Title), Titles: t.Titles, Kind: string(t.Kind), Speakers: toStrings(t.Speakers), Language: string(t.Language),
		Conference: t.Conference, Abstract: t.Abstract, Abstracts: t.Abstracts, Tags: toStrings(t.Tags), Licence: t.Licence,
		Date: string(t.Date), URL: string(t.URL), Length: time.Duration(t.Length),
	}
	for _, l := range t.Links {
		facts.Talk.Links = append(facts.Talk.Links, conference.Link{Title: l.Title, URL: string(l.URL)})
	}
	if facts.Talk.Chapters, err = t.toChapters(path); err != nil {
		return Contents{}, err
	}
	if facts.Treatment, err = t.toTreatment(path); err != nil {
		return Contents{}, err
	}
	if isConferenceFile(t.Conference) {
		c, err := readConference(path, t.Conference, keyLine(text, "conference"))
		if err != nil {
			return Contents{}, err
		}
		facts.applyConference(c)
	}
	facts.setCardLanguage(string(t.Cards.Language))
	return facts, nil
}

// toChapters are the talk's, on the clock of the reel.
func (t Talk) toChapters(path string) (all []conference.Chapter, err error) {
	for i, c := range t.Chapters {
		wrong := func(format string, args ...any) *inputerr.Error {
			return inputerr.New(path, format, args...).At(c.line)
		}
		at := time.Duration(0)
		switch {
		case c.At != nil:
			at = time.Duration(*c.At)
		case t.Begins == "":
			return nil, wrong("the chapter %q has a time of day, and nothing says when the recording begins", c.Title).Hint("Add begins: 09:00, or give at: in place of time:")
		default:
			at = c.Time.since(t.Begins)
		}
		if i > 0 && at <= all[i-1].At {
			return nil, wrong("the chapter %q begins before the one above it, or with it", c.Title).Hint("Put chapters into the order in which they begin.")
		}
		all = append(all, conference.Chapter{At: at, Title: string(c.Title), Titles: c.Titles})
	}
	return all, nil
}

func toStrings(names []SingleLine) (all []string) {
	for _, n := range names {
		all = append(all, string(n))
	}
	return all
}

// isConferenceFile reports whether what stands for the conference is a file and not its name.
func isConferenceFile(conference string) bool {
	return strings.HasSuffix(conference, ".yaml") || strings.HasSuffix(conference, ".yml")
}

// readConference reads the conference's file that line of the talk's file names.
func readConference(talk, name string, line int) (c Conference, err error) {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(talk), name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, inputerr.New(talk, "the conference's file %s cannot be read: %v", name, err).At(line).
			Hint("Give its path from this file, or the name of the conference.")
	}
	if err := strictyaml.Decode(path, text, &c); err != nil {
		return c, err
	}
	c.Cards.Font.conferenceFile = path
	if err := c.Cards.validateFiles(path); err != nil {
		return c, err
	}
	if c.Name == "" {
		return c, inputerr.New(path, "does not say what the conference is called").Hint("Add name: …")
	}
	return c, nil
}

// setCardLanguage lets the talk say in which language its cards are; "" leaves that to others.
func (f *Contents) setCardLanguage(tag string) {
	if tag == "" {
		return
	}
	if f.Conference.Cards == nil {
		f.Conference.Cards = new(conference.Cards)
	}
	f.Conference.Cards.Language = tag
}

// applyConference lets the conference say what the talk leaves open.
func (f *Contents) applyConference(c Conference) {
	f.Conference = conference.Conference{Name: c.Name, URL: string(c.URL), Description: string(c.Description), Cards: c.Cards.toConference()}
	f.font = c.Cards.Font
	f.Talk.Conference = c.Name
	f.Talk.Language = cmp.Or(f.Talk.Language, string(c.Language))
	f.Talk.Licence = cmp.Or(f.Talk.Licence, c.Licence)
	for _, tag := range toStrings(c.Tags) {
		if !slices.Contains(f.Talk.Tags, tag) {
			f.Talk.Tags = append(f.Talk.Tags, tag)
		}
	}
}

// keyLine is where a key of the file itself, not of a part of it, stands; 0 if it does not.
func keyLine(text []byte, key string) int {
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil || len(doc.Content) == 0 {
		return 0
	}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		if k := doc.Content[0].Content[i]; k.Value == key {
			return k.Line
		}
	}
	return 0
}
