package talkfile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/media"
)

// Font is what the letters of cards are of.
type Font struct {
	Name string // a family, or another name that fontconfig has for one
	file string // that says so
	line int
}

func (Font) schema() map[string]any { return map[string]any{"type": "string"} }

// UnmarshalYAML reads a name.
func (f *Font) UnmarshalYAML(node *yaml.Node) error {
	f.Name, f.line = strings.TrimSpace(node.Value), node.Line
	return nil
}

// FindFont puts in place of the name that the conference's file has for the font of its
// cards the family that this machine has for it. note tells, where that is another name;
// where there is none, the error is a *fault.Fault of that file.
func (f *Facts) FindFont(ctx context.Context) (note string, err error) {
	name := f.font.Name
	if name == "" {
		return "", nil
	}
	family, err := media.FontFamily(ctx, name)
	if lack := new(media.Lack); errors.As(err, &lack) {
		return "", fault.New(f.font.file, "%s", lack.What).At(f.font.line).Try("%s", lack.Remedy)
	}
	if err != nil {
		return "", err
	}
	f.Conference.Cards.Font = family
	if !strings.EqualFold(family, name) {
		note = fmt.Sprintf("%s:%d: the font %q is %s on this machine", f.font.file, f.font.line, name, family)
	}
	return note, nil
}
