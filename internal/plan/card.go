package plan

import (
	"cmp"
	"path"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// Card returns the kind that makes an opening and a closing card for each rendition of the encode
// stages that the stage needs.
func Card() Kind {
	return Kind{
		StageKind: pipelines.StageKind{Name: KindCard, Synonyms: []string{"cards", "title", "intro", "outro", "slate", "credits"}, Needs: []string{KindEncode}},
		Version:   5,
		Quick:     true,
		Expand:    expandCard,
	}
}

// cardSegments is the result of a card stage: the keys of segments by rendition name. A card
// of no length has none.
type cardSegments struct {
	opening, closing map[string]action.Key
}

func expandCard(x *Expansion) (any, error) {
	result := cardSegments{make(map[string]action.Key), make(map[string]action.Key)}
	opening, closing := cardSpecs(x)
	for _, stage := range NeededResults[encodedRenditions](x) {
		for _, r := range stage {
			if err := addCard(x, opening, r, "opening", result.opening); err != nil {
				return nil, err
			}
			if err := addCard(x, closing, r, "closing", result.closing); err != nil {
				return nil, err
			}
		}
	}
	return result, nil
}

// cardSpecs returns the text, the length and the look of the two cards. What depends on the
// rendition is not set.
func cardSpecs(x *Expansion) (opening, closing media.CardSpec) {
	programme, look := x.graph.Edition.Programme, x.Facts.Conference.Cards
	talk, language := cardText(x.Facts)
	first, last := x.cardDurations()
	opening = media.CardSpec{
		Title: talk.Title, Speakers: talk.Speakers, Conference: talk.Conference, Note: talk.Date,
		Language: language, Rate: programme.Rate, Frames: programme.Rate.Frame(first),
	}
	closing = opening
	closing.Note, closing.Frames = cmp.Or(talk.Licence, talk.URL), programme.Rate.Frame(last)
	if look != nil {
		opening.Look, closing.Look = cardLook(look, look.Date), cardLook(look, look.Licence)
	}
	return opening, closing
}

// cardText returns the talk with its texts in the language of the cards, and that language: the
// conference's choice or else the talk's own.
func cardText(f conference.Facts) (conference.Talk, string) {
	if look := f.Conference.Cards; look != nil && look.Language != "" {
		return f.Talk.Localized(look.Language), look.Language
	}
	return f.Talk, f.Talk.Language
}

// cardLook returns the look of a card from the conference's settings. note is the place of the
// card's last line; nil leaves it where it is by default.
func cardLook(c *conference.Cards, note *conference.TextBox) *media.CardLook {
	look := media.CardLook{Font: c.Font, FontFile: c.FontFile != nil, Places: make(map[string]conference.TextBox)}
	for name, at := range map[string]*conference.TextBox{"title": c.Title, "speakers": c.Speakers, "conference": c.Conference, "note": note} {
		if at != nil {
			look.Places[name] = *at
		}
	}
	if c.Background != nil {
		look.Background = BackdropKind(c.Background.Name)
	}
	if c.Logo != nil {
		look.Logo = &conference.TextBox{X: c.Logo.X, Y: c.Logo.Y, Width: c.Logo.Width}
	}
	return &look
}

// BackdropKind returns the format of a background file by the extension of its name, or "" if that
// is unknown.
func BackdropKind(name string) media.Backdrop {
	return map[string]media.Backdrop{
		".png": media.PNG, ".jpg": media.JPEG, ".jpeg": media.JPEG, ".svg": media.SVG,
		".mp4": media.Clip, ".mov": media.Clip, ".mkv": media.Clip, ".webm": media.Clip,
	}[strings.ToLower(path.Ext(name))]
}

// addCard adds the action that makes a card for a rendition, and stores its key in the map into
// under the rendition's name. which is "opening" or "closing". For a card of no frames it does
// nothing.
func addCard(x *Expansion, spec media.CardSpec, r *Rendition, which string, into map[string]action.Key) (err error) {
	if spec.Frames == 0 {
		return nil
	}
	spec.Width, spec.Height, spec.Encoding, spec.Salt = r.Width, r.Height, r.Encoding, r.Salt
	inputs := make(map[string]action.Key)
	if look := x.Facts.Conference.Cards; look != nil {
		addCardFiles(look, inputs)
		if look.Logo != nil {
			inputs[RoleLogo] = action.Key(look.Logo.SHA256)
		}
	}
	into[r.Name], err = x.addSharedAction(r.Name+"/"+which, which, spec, inputs)
	return err
}

// addCardFiles adds the conference's background and font file to inputs, if it has them.
func addCardFiles(look *conference.Cards, inputs map[string]action.Key) {
	if look.Background != nil {
		inputs[RoleBackground] = action.Key(look.Background.SHA256)
	}
	if look.FontFile != nil {
		inputs[RoleFont] = action.Key(look.FontFile.SHA256)
	}
}
