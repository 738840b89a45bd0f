package talkfile

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
)

// Font is a font file, a font family, or a fontconfig alias of a family.
type Font struct {
	FilePath
	conferenceFile string // path of the conference.yaml that names it
}

// Extensions of font files that cards can use, and of font files that they cannot.
var (
	fontExtensions            = []string{".ttf", ".otf", ".ttc"}
	unsupportedFontExtensions = []string{".woff", ".woff2", ".eot", ".pfb", ".pfa", ".dfont"}
)

func (f Font) isFile() bool { return slices.Contains(fontExtensions, f.ext()) }

func (f Font) ext() string { return strings.ToLower(filepath.Ext(f.Name)) }

// validate makes the path of a font file absolute. It returns an *inputerr.Error if the file is
// missing, damaged or not a supported font. A family name is not checked, unless it looks like a
// file.
func (f *Font) validate() error {
	refuse := func(format string, args ...any) *inputerr.Error {
		return inputerr.New(f.conferenceFile, format, args...).At(f.line)
	}
	if !f.isFile() {
		if slices.Contains(unsupportedFontExtensions, f.ext()) || strings.ContainsRune(f.Name, '/') {
			return refuse("%s is not a font that cards can use", f.Name).Hint("Use a TTF, OTF or TTC, or the name of a family.")
		}
		return nil
	}
	if err := f.makeAbsolute(f.conferenceFile); err != nil {
		return err
	}
	if err := media.CheckFont(f.Name); err != nil {
		return refuse("%s is damaged: %v", f.Name, err).Hint("Download it again, as TTF, OTF or TTC.")
	}
	return nil
}

// ResolveFont replaces the font name of the conference's cards with the family that fontconfig
// finds for it on this machine. If that has another name, note says so. If there is no such font,
// the error is an *inputerr.Error about conference.yaml. A font file stays as it is.
func (f *Contents) ResolveFont(ctx context.Context) (note string, err error) {
	name := f.font.Name
	if name == "" || f.font.isFile() {
		return "", nil
	}
	family, err := media.FontFamily(ctx, name)
	if lack := new(media.RequirementError); errors.As(err, &lack) {
		return "", inputerr.New(f.font.conferenceFile, "%s", lack.Problem).At(f.font.line).Hint("%s", lack.Remedy)
	}
	if err != nil {
		return "", err
	}
	f.Conference.Cards.Font = family
	if !strings.EqualFold(family, name) {
		note = fmt.Sprintf("%s:%d: the font %q is %s on this machine", f.font.conferenceFile, f.font.line, name, family)
	}
	return note, nil
}
