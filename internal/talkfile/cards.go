package talkfile

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"image"
	_ "image/jpeg" // read by image.Decode
	_ "image/png"  // likewise
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// Cards is a conference's own look of opening and closing cards.
type Cards struct {
	Background FilePath `yaml:"background" doc:"What lies behind the words: a PNG, JPEG or SVG, or a clip, which plays from its beginning. Its path starts at this file."`
	Font       Font     `yaml:"font" doc:"The family of the letters, as fc-list names it, or what fontconfig knows by another name: Noto Serif, sans-serif. Or a font file (TTF, OTF or TTC), whose path starts at this file."`
	Language   Language `yaml:"language" doc:"The language of the words, by BCP 47, where a talk has them in it and does not say another for its cards; the one that is spoken where it is not given."`
	Title      *TextBox `yaml:"title" doc:"Where the title stands."`
	Speakers   *TextBox `yaml:"speakers" doc:"Where the speakers stand."`
	Conference *TextBox `yaml:"conference" doc:"Where the conference's name stands."`
	Date       *TextBox `yaml:"date" doc:"Where the date stands on the opening card."`
	Licence    *TextBox `yaml:"licence" doc:"Where the licence stands on the closing card."`
	Logo       *Logo    `yaml:"logo" doc:"A picture laid over the background, and where."`
	set        bool

	OpeningClip FilePath `yaml:"opening-clip" doc:"A film of the conference's own, with its sound, in front of the opening card. Its path starts at this file."`
	ClosingClip FilePath `yaml:"closing-clip" doc:"A film of the conference's own, with its sound, behind the closing card. Its path starts at this file."`
	OnlyClips   bool     `yaml:"only-clips" doc:"Whether a clip takes the place of the card that it would stand beside."`
}

// TalkCards is what a talk says of its own cards.
type TalkCards struct {
	Language Language `yaml:"language" doc:"The language of the words on the cards, by BCP 47, as far as the talk has them in it. It goes before the conference's."`
}

// TextBox is where words stand on a card.
type TextBox struct {
	X      float64 `yaml:"x" doc:"The left edge, in hundredths of the card's width."`
	Y      float64 `yaml:"y" doc:"The upper edge, in hundredths of the card's height."`
	Width  float64 `yaml:"width" doc:"How wide a line may be, in hundredths of the card's width."`
	Height float64 `yaml:"height" doc:"How high all lines together may be, in hundredths of the card's height. Words that do not fit are set smaller."`
	Size   float64 `yaml:"size" doc:"The size of the letters at most, in hundredths of the card's height."`
	Colour Colour  `yaml:"colour" doc:"The colour of the letters: \"#ffcc00\"."`
	Align  Align   `yaml:"align" doc:"left, centre or right; as the script runs where it is not given."`
}

// Logo is a picture on a card.
type Logo struct {
	File  FilePath `yaml:"file" doc:"A PNG, which may be see-through. Its path starts at this file."`
	X     float64  `yaml:"x" doc:"The left edge, in hundredths of the card's width."`
	Y     float64  `yaml:"y" doc:"The upper edge, in hundredths of the card's height."`
	Width float64  `yaml:"width" doc:"How wide it is, in hundredths of the card's width."`
}

// UnmarshalYAML reads the look of cards.
func (c *Cards) UnmarshalYAML(node *yaml.Node) error {
	type plain Cards
	c.set = true
	if err := node.Decode((*plain)(c)); err != nil {
		return err
	}
	if c.OnlyClips && c.OpeningClip.Name == "" && c.ClosingClip.Name == "" {
		return errorAt(node, "only-clips is true, and there is no clip").Hint("Add opening-clip or closing-clip, or take only-clips away.")
	}
	return nil
}

// UnmarshalYAML refuses places that are not on the card.
func (p *TextBox) UnmarshalYAML(node *yaml.Node) error {
	type plain TextBox
	if err := node.Decode((*plain)(p)); err != nil {
		return err
	}
	if p.Height < 0 || p.Y+p.Height > 100 || p.Size < 0 || p.Size > 50 {
		return errorAt(node, "this place is not on the card: y, height and size are hundredths of its height").Hint("Let y and height together be 100 at most, and size 50.")
	}
	return checkOnCard(node, p.X, p.Y, p.Width)
}

// UnmarshalYAML reads a logo, which has a file.
func (l *Logo) UnmarshalYAML(node *yaml.Node) error {
	type plain Logo
	if err := node.Decode((*plain)(l)); err != nil {
		return err
	}
	if !strings.EqualFold(filepath.Ext(l.File.Name), ".png") {
		return errorAt(node, "the logo %q is no PNG", l.File.Name).Hint("Add file: logo.png.")
	}
	return checkOnCard(node, l.X, l.Y, l.Width)
}

func checkOnCard(node *yaml.Node, x, y, width float64) error {
	if x < 0 || y < 0 || y >= 100 || width <= 0 || x+width > 100 {
		return errorAt(node, "this place is not on the card: x and width are hundredths of its width, and y of its height").
			Hint("Give all three, and let x and width together be 100 at most: {x: 8, y: 40, width: 84}.")
	}
	return nil
}

// Colour is one as web pages write it.
type Colour string

var colourPattern = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (Colour) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": colourPattern.String()}
}

// UnmarshalYAML refuses other ways to write one.
func (c *Colour) UnmarshalYAML(node *yaml.Node) error {
	if !colourPattern.MatchString(node.Value) {
		return errorAt(node, "%q is no colour", node.Value).Hint(`Write it as "#ffcc00", in quotes.`)
	}
	*c = Colour(strings.ToLower(node.Value))
	return nil
}

// Align is on which side lines begin.
type Align string

func (Align) schema() map[string]any {
	return map[string]any{"enum": []string{"left", "centre", "right"}}
}

// UnmarshalYAML refuses other words.
func (a *Align) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(a), "side", "left", "centre", "right")
}

// FilePath is the path of a file that belongs to a conference.
type FilePath struct {
	Name string
	line int
}

func (FilePath) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML reads a path.
func (f *FilePath) UnmarshalYAML(node *yaml.Node) error {
	f.Name, f.line = node.Value, node.Line
	return nil
}

// makeAbsolute makes the path, which starts at the conference's file, absolute, and refuses one
// where no file is.
func (f *FilePath) makeAbsolute(conference string) error {
	if !filepath.IsAbs(f.Name) {
		f.Name = filepath.Join(filepath.Dir(conference), f.Name)
	}
	if info, err := os.Stat(f.Name); err != nil || !info.Mode().IsRegular() {
		return inputerr.New(conference, "the file %s is not there", f.Name).At(f.line).Hint("Give its path from this file.")
	}
	return nil
}

// validateFiles refuses files that are not there, or of no kind that a card can show. Their paths
// become absolute.
func (c *Cards) validateFiles(conference string) error {
	if err := c.Font.validate(); err != nil {
		return err
	}
	files := []*FilePath{&c.Background, &c.OpeningClip, &c.ClosingClip}
	if c.Logo != nil {
		files = append(files, &c.Logo.File)
	}
	for _, f := range files {
		if f.Name == "" {
			continue
		}
		wrong := func(format string, args ...any) *inputerr.Error {
			return inputerr.New(conference, format, args...).At(f.line)
		}
		if err := f.makeAbsolute(conference); err != nil {
			return err
		}
		begins, known := cardMediaSignatures[strings.ToLower(filepath.Ext(f.Name))]
		if clip := f == &c.OpeningClip || f == &c.ClosingClip; clip && (!known || begins != "") {
			return wrong("%s is no clip", filepath.Base(f.Name)).Hint("Take one in MP4, MOV, MKV or WebM.")
		}
		if !known {
			return wrong("%s cannot lie behind the words of a card", filepath.Base(f.Name)).Hint("Take a PNG, JPEG or SVG, or a clip in MP4, MOV, MKV or WebM.")
		}
		head, err := readHead(f.Name)
		if err != nil {
			return wrong("the file %s cannot be read: %v", f.Name, err)
		}
		if !strings.Contains(head, begins) {
			return wrong("%s is not what its name says", f.Name).Hint("Export it again as %s.", strings.ToUpper(filepath.Ext(f.Name)[1:]))
		}
		if err := checkImage(f.Name, begins); err != nil {
			return wrong("%s is damaged: %v", f.Name, err).Hint("Export it again, or fetch it anew.")
		}
	}
	return nil
}

// cardMediaSignatures are the files that a card can show, by how their names end, and what their first
// kilobytes hold.
var cardMediaSignatures = map[string]string{
	".png": "\x89PNG\r\n", ".jpg": "\xff\xd8\xff", ".jpeg": "\xff\xd8\xff", ".svg": "<svg",
	".mp4": "", ".mov": "", ".mkv": "", ".webm": "",
}

// checkImage is an error where a picture, by how it begins, cannot be read to its end.
func checkImage(path, begins string) error {
	if begins == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if begins == "<svg" {
		return checkXML(f)
	}
	const most = 16384 // pixels of a side: more would be a trap, and no background
	if c, _, err := image.DecodeConfig(f); err != nil || c.Width > most || c.Height > most {
		return cmp.Or(err, fmt.Errorf("it has %d by %d pixels", c.Width, c.Height))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, _, err = image.Decode(f)
	return err
}

// checkXML is an error where r is no XML from beginning to end. Its encoding and the
// entities that it may define are left to who draws it.
func checkXML(r io.Reader) error {
	in := xml.NewDecoder(r)
	in.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	in.Strict = false // entities, that is
	for {
		switch _, err := in.Token(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func readHead(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 8<<10))
	return string(head), err
}

// toConference is what the file says of cards; nil if it says nothing.
func (c *Cards) toConference() *conference.Cards {
	if !c.set {
		return nil
	}
	look := &conference.Cards{
		Language: string(c.Language), Title: c.Title.toConference(), Speakers: c.Speakers.toConference(),
		Conference: c.Conference.toConference(), Date: c.Date.toConference(), Licence: c.Licence.toConference(), ClipsReplaceCards: c.OnlyClips,
	}
	if c.Font.isFile() {
		asset := c.Font.toAsset()
		look.FontFile = &asset
	} else {
		look.Font = c.Font.Name
	}
	for from, to := range map[*FilePath]**conference.Asset{&c.Background: &look.Background, &c.OpeningClip: &look.OpeningClip, &c.ClosingClip: &look.ClosingClip} {
		if from.Name != "" {
			asset := from.toAsset()
			*to = &asset
		}
	}
	if c.Logo != nil {
		look.Logo = &conference.Logo{Asset: c.Logo.File.toAsset(), X: c.Logo.X, Y: c.Logo.Y, Width: c.Logo.Width}
	}
	return look
}

func (p *TextBox) toConference() *conference.TextBox {
	if p == nil {
		return nil
	}
	return &conference.TextBox{X: p.X, Y: p.Y, Width: p.Width, Height: p.Height, Size: p.Size, Colour: string(p.Colour), Align: string(p.Align)}
}

func (f FilePath) toAsset() conference.Asset {
	return conference.Asset{Name: filepath.Base(f.Name), Path: f.Name}
}
