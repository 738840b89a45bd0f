package plan

import (
	"cmp"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// waveformColour is the default colour of waveforms, that of the conference's name on
// Lectern's own cards.
const waveformColour = "#7ac3d8"

// addWaveform returns the parameters of the picture that is drawn for a sound-only recording: the
// talk's title and speakers over the background of the conference's cards, with the waveform
// between them. The logo, and a background that is a clip, are left out. It adds the background and
// the font to inputs.
func addWaveform(x *Expansion, inputs map[string]action.Key) *media.WaveformSpec {
	talk, language := cardText(x.Facts)
	var own conference.Cards
	if look := x.Facts.Conference.Cards; look != nil {
		own = *look
	}
	if own.Background != nil && BackdropKind(own.Background.Name) == media.Clip {
		// A clip would play once under a whole talk. The card's text colours suit the clip only.
		own = conference.Cards{Font: own.Font, FontFile: own.FontFile}
	}
	addCardFiles(&own, inputs)
	own.Conference = waveformPlace(own.Conference, conference.TextBox{Y: 9, Height: 6, Size: 3.8})
	own.Title = waveformPlace(own.Title, conference.TextBox{Y: 17, Height: 25, Size: 9})
	own.Speakers = waveformPlace(own.Speakers, conference.TextBox{Y: 82, Height: 9, Size: 5})
	own.Logo = nil // it is placed among texts that are elsewhere here
	return &media.WaveformSpec{
		Background: media.CardSpec{
			Title: talk.Title, Speakers: talk.Speakers, Conference: talk.Conference, Language: language,
			Width: 1280, Height: 720, Rate: timeline.Rate{Num: 25, Den: 1}, Look: cardLook(&own, nil),
		},
		Colour: cmp.Or(own.Conference.Colour, own.Title.Colour, waveformColour),
	}
}

// waveformPlace returns at with Lectern's margins, and with the colour and alignment that the text
// has on cards, if card sets them.
func waveformPlace(card *conference.TextBox, at conference.TextBox) *conference.TextBox {
	at.X, at.Width = 7.8, 84.4 // Lectern's margins
	if card != nil {
		at.Colour, at.Align = card.Colour, card.Align
	}
	return &at
}
