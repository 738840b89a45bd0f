package conference

// Cards is a conference's own design of opening and closing cards. Fields that are not set are
// as in Lectern's design.
type Cards struct {
	Background *Asset   `json:"background,omitempty"` // PNG, JPEG, SVG, or a clip; nil: Lectern's
	Font       string   `json:"font,omitempty"`       // a family; "": Lectern's
	FontFile   *Asset   `json:"font_file,omitempty"`  // TTF, OTF or TTC in place of a family
	Language   string   `json:"language,omitempty"`   // of the text, BCP 47; "": the talk's
	Title      *TextBox `json:"title,omitempty"`
	Speakers   *TextBox `json:"speakers,omitempty"`
	Conference *TextBox `json:"conference,omitempty"`
	Date       *TextBox `json:"date,omitempty"`    // on the opening card
	Licence    *TextBox `json:"licence,omitempty"` // on the closing card
	Logo       *Logo    `json:"logo,omitempty"`

	OpeningClip       *Asset `json:"opening_clip,omitempty"` // video with sound before the opening card
	ClosingClip       *Asset `json:"closing_clip,omitempty"` // and after the closing card
	ClipsReplaceCards bool   `json:"only_clips,omitempty"`   // clips replace the cards beside them
}

// TextBox is the position of text on a card. X and Width are percentages of the card's width;
// Y, Height and Size of its height.
type TextBox struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height,omitempty"` // text that does not fit is made smaller; 0: as in Lectern's
	Size   float64 `json:"size,omitempty"`   // maximum font size; 0: as in Lectern's
	Colour string  `json:"colour,omitempty"` // "#rrggbb"; "": as in Lectern's
	Align  string  `json:"align,omitempty"`  // "left", "centre", "right"; "": by the direction of the script
}

// Logo is a picture on a card; its height follows from its width.
type Logo struct {
	Asset
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Width float64 `json:"width"`
}

// Asset is a file that belongs to a conference, identified by its content.
type Asset struct {
	Name   string `json:"name"`   // for people; the extension tells its type
	SHA256 string `json:"sha256"` //
	Path   string `json:"-"`      // of the submitted file
}

// Assets returns the files that the cards use: background, font, clips and logo, as far as they are
// set. Nil cards have none.
func (c *Cards) Assets() (all []*Asset) {
	if c == nil {
		return nil
	}
	for _, a := range []*Asset{c.Background, c.FontFile, c.OpeningClip, c.ClosingClip} {
		if a != nil {
			all = append(all, a)
		}
	}
	if c.Logo != nil {
		all = append(all, &c.Logo.Asset)
	}
	return all
}
