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

// Cards is the design of the opening and closing cards of a conference.
type Cards struct {
	Background FilePath `yaml:"background" doc:"The background: a PNG, JPEG or SVG, or a video clip. The path is relative to this file."`
	Font       Font     `yaml:"font" doc:"The font family, as fc-list prints it, or an alias: Noto Serif, sans-serif. Or a font file (TTF, OTF or TTC), relative to this file."`
	Language   Language `yaml:"language" doc:"The language of the text (BCP 47), for talks that have the text in it and set no other. Default: the spoken language."`
	Title      *TextBox `yaml:"title" doc:"The position of the title."`
	Speakers   *TextBox `yaml:"speakers" doc:"The position of the speakers."`
	Conference *TextBox `yaml:"conference" doc:"The position of the conference's name."`
	Date       *TextBox `yaml:"date" doc:"The position of the date on the opening card."`
	Licence    *TextBox `yaml:"licence" doc:"The position of the licence on the closing card."`
	Logo       *Logo    `yaml:"logo" doc:"A picture on the background."`
	set        bool

	OpeningClip FilePath `yaml:"opening-clip" doc:"A clip with sound before the opening card. The path is relative to this file."`
	ClosingClip FilePath `yaml:"closing-clip" doc:"A clip with sound after the closing card. The path is relative to this file."`
	OnlyClips   bool     `yaml:"only-clips" doc:"Whether clips replace the cards."`
}

// TalkCards are the settings of a talk for its cards.
type TalkCards struct {
	Language Language `yaml:"language" doc:"The language of the text on the cards (BCP 47), as far as the talk has the text in it. It overrides the conference's."`
}

// TextBox is the position and style of a text on a card.
type TextBox struct {
	X      float64 `yaml:"x" doc:"The left edge, in per cent of the card's width."`
	Y      float64 `yaml:"y" doc:"The top edge, in per cent of the card's height."`
	Width  float64 `yaml:"width" doc:"The maximum width of a line, in per cent of the card's width."`
	Height float64 `yaml:"height" doc:"The maximum height of all lines, in per cent of the card's height. Text that does not fit is set smaller."`
	Size   float64 `yaml:"size" doc:"The maximum font size, in per cent of the card's height."`
	Colour Colour  `yaml:"colour" doc:"The colour of the text: \"#ffcc00\"."`
	Align  Align   `yaml:"align" doc:"left, centre or right. Default: by the direction of the script."`
}

// Logo is a picture on a card.
type Logo struct {
	File  FilePath `yaml:"file" doc:"A PNG, which may be transparent. The path is relative to this file."`
	X     float64  `yaml:"x" doc:"The left edge, in per cent of the card's width."`
	Y     float64  `yaml:"y" doc:"The top edge, in per cent of the card's height."`
	Width float64  `yaml:"width" doc:"The width, in per cent of the card's width."`
}

// UnmarshalYAML decodes the cards. If only-clips is set without a clip, that is an error.
func (c *Cards) UnmarshalYAML(node *yaml.Node) error {
	type plain Cards
	c.set = true
	if err := node.Decode((*plain)(c)); err != nil {
		return err
	}
	if c.OnlyClips && c.OpeningClip.Name == "" && c.ClosingClip.Name == "" {
		return errorAt(node, "only-clips is true, but there is no clip").Hint("Add opening-clip or closing-clip, or remove only-clips.")
	}
	return nil
}

// UnmarshalYAML decodes a text box. One that is not within the card, or whose font size is more
// than half of the card's height, is an error.
func (p *TextBox) UnmarshalYAML(node *yaml.Node) error {
	type plain TextBox
	if err := node.Decode((*plain)(p)); err != nil {
		return err
	}
	if p.Height < 0 || p.Y+p.Height > 100 || p.Size < 0 || p.Size > 50 {
		return errorAt(node, "this position is outside of the card: y, height and size are per cent of its height").Hint("y plus height can be at most 100, and size at most 50.")
	}
	return checkOnCard(node, p.X, p.Y, p.Width)
}

// UnmarshalYAML decodes a logo. One that is not a PNG, or is not within the card, is an error.
func (l *Logo) UnmarshalYAML(node *yaml.Node) error {
	type plain Logo
	if err := node.Decode((*plain)(l)); err != nil {
		return err
	}
	if !strings.EqualFold(filepath.Ext(l.File.Name), ".png") {
		return errorAt(node, "the logo %q is not a PNG", l.File.Name).Hint("Add a PNG, such as file: logo.png.")
	}
	return checkOnCard(node, l.X, l.Y, l.Width)
}

// checkOnCard returns an error for a position outside of the card. x and width are per cent of its
// width, y of its height.
func checkOnCard(node *yaml.Node, x, y, width float64) error {
	if x < 0 || y < 0 || y >= 100 || width <= 0 || x+width > 100 {
		return errorAt(node, "this position is outside of the card: x and width are per cent of its width, y of its height").
			Hint("Give all three; x plus width can be at most 100: {x: 8, y: 40, width: 84}.")
	}
	return nil
}

// Colour is a colour in the form #rrggbb.
type Colour string

var colourPattern = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (Colour) schema() map[string]any {
	return map[string]any{"type": "string", "pattern": colourPattern.String()}
}

// UnmarshalYAML decodes a colour, #rrggbb, in lower case. Any other form is an error.
func (c *Colour) UnmarshalYAML(node *yaml.Node) error {
	if !colourPattern.MatchString(node.Value) {
		return errorAt(node, "%q is not a colour", node.Value).Hint(`Write it as "#ffcc00", in quotes.`)
	}
	*c = Colour(strings.ToLower(node.Value))
	return nil
}

// Align is the alignment of text.
type Align string

func (Align) schema() map[string]any {
	return map[string]any{"enum": []string{"left", "centre", "right"}}
}

// UnmarshalYAML decodes left, centre or right. Any other value is an error.
func (a *Align) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(a), "alignment", "left", "centre", "right")
}

// FilePath is the path of a file that conference.yaml names.
type FilePath struct {
	Name string
	line int
}

func (FilePath) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML decodes a path as it is, and keeps its line for errors.
func (f *FilePath) UnmarshalYAML(node *yaml.Node) error {
	f.Name, f.line = node.Value, node.Line
	return nil
}

// makeAbsolute makes the path absolute; it is relative to the directory of conferenceFile. It
// returns an *inputerr.Error if there is no regular file.
func (f *FilePath) makeAbsolute(conferenceFile string) error {
	if !filepath.IsAbs(f.Name) {
		f.Name = filepath.Join(filepath.Dir(conferenceFile), f.Name)
	}
	if info, err := os.Stat(f.Name); err != nil || !info.Mode().IsRegular() {
		return inputerr.New(conferenceFile, "the file %s does not exist", f.Name).At(f.line).Hint("Give its path relative to this file.")
	}
	return nil
}

// validateFiles makes the paths of all files absolute. It returns an *inputerr.Error for a file
// that is missing, damaged or of a format that cards cannot show.
func (c *Cards) validateFiles(conferenceFile string) error {
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
		refuse := func(format string, args ...any) *inputerr.Error {
			return inputerr.New(conferenceFile, format, args...).At(f.line)
		}
		if err := f.makeAbsolute(conferenceFile); err != nil {
			return err
		}
		signature, known := cardMediaSignatures[strings.ToLower(filepath.Ext(f.Name))]
		if clip := f == &c.OpeningClip || f == &c.ClosingClip; clip && (!known || signature != "") {
			return refuse("%s is not a video clip", filepath.Base(f.Name)).Hint("Use an MP4, MOV, MKV or WebM.")
		}
		if !known {
			return refuse("%s cannot be the background of a card", filepath.Base(f.Name)).Hint("Use a PNG, JPEG or SVG, or a clip in MP4, MOV, MKV or WebM.")
		}
		head, err := readHead(f.Name)
		if err != nil {
			return refuse("the file %s cannot be read: %v", f.Name, err)
		}
		if !strings.Contains(head, signature) {
			return refuse("%s does not have the format that its name says", f.Name).Hint("Export it again as %s.", strings.ToUpper(filepath.Ext(f.Name)[1:]))
		}
		if err := checkImage(f.Name, signature); err != nil {
			return refuse("%s is damaged: %v", f.Name, err).Hint("Export or download it again.")
		}
	}
	return nil
}

// cardMediaSignatures maps the extensions of files that a card can show to a text that their first
// kilobytes contain; "" for video clips, which probing checks.
var cardMediaSignatures = map[string]string{
	".png": "\x89PNG\r\n", ".jpg": "\xff\xd8\xff", ".jpeg": "\xff\xd8\xff", ".svg": "<svg",
	".mp4": "", ".mov": "", ".mkv": "", ".webm": "",
}

// checkImage returns an error if a picture cannot be decoded completely, or has more than 16384
// pixels on a side. signature is that of its format; video clips, with "", are not checked.
func checkImage(path, signature string) error {
	if signature == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if signature == "<svg" {
		return checkXML(f)
	}
	const maxSide = 16384 // pixels per side; more is likely a decompression bomb
	if c, _, err := image.DecodeConfig(f); err != nil || c.Width > maxSide || c.Height > maxSide {
		return cmp.Or(err, fmt.Errorf("has %d×%d pixels", c.Width, c.Height))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, _, err = image.Decode(f)
	return err
}

// checkXML returns an error if r is not XML or ends too early. It ignores the declared encoding,
// and accepts undefined entities and mismatched end tags.
func checkXML(r io.Reader) error {
	in := xml.NewDecoder(r)
	in.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	in.Strict = false // accept undefined entities
	for {
		switch _, err := in.Token(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// readHead returns the first 8 KiB of a file.
func readHead(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 8<<10))
	return string(head), err
}

// toConference returns the cards as package conference has them, or nil if the file sets none.
func (c *Cards) toConference() *conference.Cards {
	if !c.set {
		return nil
	}
	cards := &conference.Cards{
		Language: string(c.Language), Title: c.Title.toConference(), Speakers: c.Speakers.toConference(),
		Conference: c.Conference.toConference(), Date: c.Date.toConference(), Licence: c.Licence.toConference(), ClipsReplaceCards: c.OnlyClips,
	}
	if c.Font.isFile() {
		asset := c.Font.toAsset()
		cards.FontFile = &asset
	} else {
		cards.Font = c.Font.Name
	}
	for from, to := range map[*FilePath]**conference.Asset{&c.Background: &cards.Background, &c.OpeningClip: &cards.OpeningClip, &c.ClosingClip: &cards.ClosingClip} {
		if from.Name != "" {
			asset := from.toAsset()
			*to = &asset
		}
	}
	if c.Logo != nil {
		cards.Logo = &conference.Logo{Asset: c.Logo.File.toAsset(), X: c.Logo.X, Y: c.Logo.Y, Width: c.Logo.Width}
	}
	return cards
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
