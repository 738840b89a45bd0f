package service

import (
	"context"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/translation"
)

// GlossaryFile is a glossary as it was uploaded: CSV that package translation reads.
type GlossaryFile struct {
	Name string
	Text string
}

// Glossary returns the conference's glossary. ok is false if there is none. It requires
// access.Enter.
func (svc *Translations) Glossary(ctx context.Context, p access.Person) (f GlossaryFile, ok bool, err error) {
	if !p.May(access.Enter, "", "") {
		return f, false, access.ErrForbidden
	}
	ok, err = svc.catalog.Setting(ctx, catalog.SettingGlossary, &f)
	return f, ok && f.Text != "", err
}

// SetGlossary replaces the conference's glossary. A file without text removes it, and an invalid
// one is an *inputerr.Error. It requires access.ManageConference.
func (svc *Translations) SetGlossary(ctx context.Context, p access.Person, f GlossaryFile) error {
	by, err := p.GrantFor(access.ManageConference, "", "")
	if err != nil {
		return err
	}
	if f.Text != "" {
		if _, err := translation.ReadGlossary(f.Name, []byte(f.Text)); err != nil {
			return err
		}
	}
	return svc.catalog.SaveSetting(ctx, by.Name, catalog.SettingGlossary, f)
}

// loadGlossary returns the conference's glossary in parsed form, or nil if there is none.
func (svc *Translations) loadGlossary(ctx context.Context) (*translation.Glossary, error) {
	var f GlossaryFile
	ok, err := svc.catalog.Setting(ctx, catalog.SettingGlossary, &f)
	if err != nil || !ok || f.Text == "" {
		return nil, err
	}
	return translation.ReadGlossary(f.Name, []byte(f.Text))
}
