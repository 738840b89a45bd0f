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

// Font is what the letters of cards are of: a file, a family, or another name that
// fontconfig has for one.
type Font struct {
	FilePath
	conferenceFile string // the file that says so
}

// fontExtensions are how the names of files end that letters can be of, and notTypefaces those
// of other fonts.
var (
	fontExtensions            = []string{".ttf", ".otf", ".ttc"}
	unsupportedFontExtensions = []string{".woff", ".woff2", ".eot", ".pfb", ".pfa", ".dfont"}
)

func (f Font) isFile() bool { return slices.Contains(fontExtensions, f.ext()) }

func (f Font) ext() string { return strings.ToLower(filepath.Ext(f.Name)) }

// validate refuses a file that is not there or is no font as it was made. Its path becomes
// absolute.
func (f *Font) validate() error {
	wrong := func(format string, args ...any) *inputerr.Error {
		return inputerr.New(f.conferenceFile, format, args...).At(f.line)
	}
	if !f.isFile() {
		if slices.Contains(unsupportedFontExtensions, f.ext()) || strings.ContainsRune(f.Name, '/') {
			return wrong("%s is no font that cards can be set in", f.Name).Hint("Take a TTF, OTF or TTC, or name a family.")
		}
		return nil
	}
	if err := f.makeAbsolute(f.conferenceFile); err != nil {
		return err
	}
	if err := media.CheckFont(f.Name); err != nil {
		return wrong("%s is damaged: %v", f.Name, err).Hint("Fetch it anew, as TTF, OTF or TTC.")
	}
	return nil
}

// ResolveFont puts in place of the name that the conference's file has for the font of its
// cards the family that this machine has for it. note tells, where that is another name;
// where there is none, the error is a *inputerr.Error of that file.
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
