// Package talkfile reads talk.yaml and conference.yaml, in which people describe a talk and its
// conference. Each key is documented by its doc tag here, from which [Schema] makes JSON Schemas for
// editors, and by a commented example in testdata. Unknown keys are errors, with the line and a
// suggestion.
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

// Talk is the content of talk.yaml.
type Talk struct {
	Slug       string       `yaml:"slug" doc:"The name of the talk in file names. Default: made from the title, once."`
	Title      SingleLine   `yaml:"title" doc:"The talk's title, in the language of the talk."`
	Titles     Translations `yaml:"titles" doc:"The title in other languages (BCP 47)."`
	Kind       Kind         `yaml:"kind" doc:"talk (half an hour) or tutorial (three hours)."`
	Speakers   []SingleLine `yaml:"speakers" doc:"The speakers, in the order in which the cards list them."`
	Language   Language     `yaml:"language" doc:"The spoken language (BCP 47): en, pt-BR."`
	Conference string       `yaml:"conference" doc:"The name of the conference, or the path of a conference.yaml, relative to this file."`
	Abstract   string       `yaml:"abstract" doc:"What the talk is about, in the language of the talk. The description begins with it."`
	Abstracts  Translations `yaml:"abstracts" doc:"The abstract in other languages (BCP 47)."`
	Tags       []SingleLine `yaml:"tags" doc:"Search terms. The tags of the conference are appended."`
	Licence    string       `yaml:"licence" doc:"The licence of the recording, such as CC BY 4.0. Default: that of the conference."`
	Date       Date         `yaml:"date" doc:"The day of the talk: 2026-05-31."`
	URL        URL          `yaml:"url" doc:"The page of the talk on the conference's website."`
	Links      []Link       `yaml:"links" doc:"Links to slides, code and the like, for the description."`
	Begins     TimeOfDay    `yaml:"begins" doc:"The time of day at which the first recording begins: 09:00. Chapters with a time of day need it."`
	Length     Timestamp    `yaml:"length" doc:"The length of the slot: 00:30:00. Lectern warns if the video is much shorter or longer."`
	Chapters   []Chapter    `yaml:"chapters" doc:"The parts of the talk, in order. They follow the cut."`
	Sound      Audio        `yaml:"sound" doc:"Which audio of the recordings is used, and how it is processed."`
	Picture    Picture      `yaml:"picture" doc:"Which video of the recordings is used."`
	Cards      TalkCards    `yaml:"cards" doc:"Settings for the cards of this talk."`
	Fallback   Fallback     `yaml:"stand-in" doc:"What to use for recordings without audio or without video. Without this, they are refused."`
	Mute       []TimeRange  `yaml:"mute" doc:"Parts without sound, in time from the start of the first recording, with the recordings end to end: 00:12:30-00:12:36."`
	Blank      []TimeRange  `yaml:"blank" doc:"Parts with a black picture, in time from the start of the first recording, with the recordings end to end: 00:12:30-00:12:36."`
}

// Link is a link to material of a talk.
type Link struct {
	Title string `yaml:"title" doc:"The text of the link: Slides."`
	URL   URL    `yaml:"url" doc:"The address."`
}

// Chapter is a part of a talk. It has exactly one of At and Time.
type Chapter struct {
	At     *Timestamp   `yaml:"at" doc:"The time at which it begins, from the start of the first recording, with the recordings end to end: 00:12:30."`
	Time   TimeOfDay    `yaml:"time" doc:"The time of day at which it begins: 10:45. Requires begins of the talk."`
	Title  SingleLine   `yaml:"title" doc:"Its title, in the language of the talk."`
	Titles Translations `yaml:"titles" doc:"Its title in other languages (BCP 47)."`
	line   int
}

// Audio selects and processes the audio of the recordings.
type Audio struct {
	Floor        AudioSource    `yaml:"floor" doc:"The audio of the talk itself in each recording. Default: the channels on which speech is heard."`
	Interpreters []Interpreter  `yaml:"interpreters" doc:"The audio of interpreters. Each becomes an audio track of every video, at the same loudness."`
	HighPass     int            `yaml:"high-pass" doc:"Removes frequencies below this, in Hz, from 20 to 300. 80 removes footsteps, wind and hum below a voice."`
	Noise        NoiseReduction `yaml:"noise" doc:"gentle reduces steady noise (fans, hiss) by at most 10 dB; keep, the default, does not."`
	Level        bool           `yaml:"level" doc:"Raises people who speak softly, such as in a talk before loud questions, and lowers loud ones, gently."`
}

// Picture selects the video of the recordings.
type Picture struct {
	Stream int `yaml:"stream" doc:"Which video stream of a recording is shown, counted from 1, if it has several, such as camera and screen."`
	Beside int `yaml:"beside" doc:"Which other video stream is shown beside it, on the right."`
	Share  int `yaml:"share" doc:"The width of the first of the two in per cent of the frame, 30 to 80. Default: two thirds."`
}

// Fallback replaces what a recording lacks.
type Fallback struct {
	Sound   AudioFallback   `yaml:"sound" doc:"silence: for recordings without audio."`
	Picture PictureFallback `yaml:"picture" doc:"waveform: for recordings without video, a picture of the waveform below the title, on the background of the cards."`
}

// AudioSource selects an audio stream of each recording and its channels.
type AudioSource struct {
	Stream   int      `yaml:"stream" doc:"Which audio stream of the recording, counted from 1. Default: the first."`
	Channels Channels `yaml:"channels" doc:"Which channels of it: auto, left, right, mix, stereo, or by number: 2 is a channel, 2:1 channel 1 of stream 2, 1:1+2:1 a mix."`
}

// Interpreter is the audio of an interpreter.
type Interpreter struct {
	Language Language `yaml:"language" doc:"The language that the interpreter speaks (BCP 47)."`
	Stream   int      `yaml:"stream" doc:"Which audio stream of the recording, counted from 1. Default: the first."`
	Channels Channels `yaml:"channels" doc:"Which channels of it: auto, left, right, mix, stereo, or by number: 2 is a channel, 2:1 channel 1 of stream 2, 1:1+2:1 a mix."`
	line     int
}

// Conference is the content of conference.yaml, which all talks of a conference share.
type Conference struct {
	Name        string       `yaml:"name" doc:"The name of the conference, as on the cards."`
	URL         URL          `yaml:"url" doc:"The website of the conference."`
	Language    Language     `yaml:"language" doc:"The spoken language (BCP 47), for talks that do not set it."`
	Licence     string       `yaml:"licence" doc:"The licence of the recordings, such as CC BY 4.0, for talks that do not set it."`
	Tags        []SingleLine `yaml:"tags" doc:"Search terms, appended to the tags of every talk."`
	Description Description  `yaml:"description" doc:"The template of descriptions for upload, with placeholders such as {abstract}."`
	Cards       Cards        `yaml:"cards" doc:"The design of the opening and closing cards. Default: Lectern's own."`
}

// Contents is what talk.yaml and conference.yaml say about a talk.
type Contents struct {
	Talk       conference.Talk
	Conference conference.Conference
	Treatment  conference.ProcessingOptions
	font       Font
}

// Read reads the talk.yaml at path, and the conference.yaml if it names one. Every error is an
// *inputerr.Error with the file to correct.
func Read(path string) (facts Contents, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Contents{}, inputerr.New(path, "cannot be read: %v", err).Hint("Give a YAML file that describes the talk.")
	}
	var t Talk
	if err := strictyaml.Decode(path, text, &t); err != nil {
		return Contents{}, err
	}
	if t.Slug != "" && !conference.ValidSlug(t.Slug) {
		return Contents{}, inputerr.New(path, "the slug %q cannot be used in file names", t.Slug).At(keyLine(text, "slug")).Hint("Use letters, digits and hyphens.")
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
	if facts.Treatment, err = t.toProcessingOptions(path); err != nil {
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

// toChapters returns the chapters in reel time. It returns an *inputerr.Error if they do not
// ascend, or have a time of day although the talk has no begins. path is that of the file, for
// errors.
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
			return nil, wrong("the chapter %q has a time of day, but the talk has no begins", c.Title).Hint("Add begins: 09:00 to the talk, or use at: instead of time:.")
		default:
			at = c.Time.since(t.Begins)
		}
		if i > 0 && at <= all[i-1].At {
			return nil, wrong("the chapter %q does not begin after the one before it", c.Title).Hint("Put the chapters in order of time.")
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

// isConferenceFile reports whether the conference that a talk names is a file, and not just a name:
// whether it ends in .yaml or .yml.
func isConferenceFile(conference string) bool {
	return strings.HasSuffix(conference, ".yaml") || strings.HasSuffix(conference, ".yml")
}

// readConference reads the conference file name, which the talk file names on that line. name is
// relative to the directory of the talk file.
func readConference(talk, name string, line int) (c Conference, err error) {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(talk), name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, inputerr.New(talk, "the conference file %s cannot be read: %v", name, err).At(line).
			Hint("Give its path relative to this file, or the name of the conference.")
	}
	if err := strictyaml.Decode(path, text, &c); err != nil {
		return c, err
	}
	c.Cards.Font.conferenceFile = path
	if err := c.Cards.validateFiles(path); err != nil {
		return c, err
	}
	if c.Name == "" {
		return c, inputerr.New(path, "has no name for the conference").Hint("Add name: ….")
	}
	return c, nil
}

// setCardLanguage sets the language of the cards, unless tag is "".
func (f *Contents) setCardLanguage(tag string) {
	if tag == "" {
		return
	}
	if f.Conference.Cards == nil {
		f.Conference.Cards = new(conference.Cards)
	}
	f.Conference.Cards.Language = tag
}

// applyConference sets the conference, and what the talk leaves to it: language and licence if the
// talk has none. Its tags are appended to the talk's.
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

// keyLine returns the line of a top-level key in a YAML file, or 0 if it has no such key.
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
