package main

import (
	"context"
	"fmt"

	"github.com/lectern-av/lectern/internal/translation/exchange"
	"github.com/lectern-av/lectern/internal/web"
)

// importIntoTalk uploads the translator's file to the talk in --talk. The language is the one of
// --language, else the one in the file, else the one in the file's name; without any it returns a
// *usageError.
func (c *translationsImportCmd) importIntoTalk(ctx context.Context, t *console) error {
	if c.Output != "" {
		return &usageError{"-o is for plain files; `lectern bundle build` writes what is approved"}
	}
	name := inputName(c.File)
	data, err := readBytes(ctx, c.File, name)
	if err != nil {
		return err
	}
	track := trackFlags{Talk: c.Talk, Language: c.Language, As: c.As, JSON: c.JSON, serverFlags: c.serverFlags}
	add := translationsAddCmd{trackFlags: track, File: c.File, Base: c.Base, Why: "uploaded", Encoding: c.Encoding}
	done := func(web.TranslationUploadResult) string { return "saved" }
	if read := exchange.DetectReader(data); read != nil {
		file, err := read(name, data)
		if err != nil {
			return err
		}
		if add.Language == "" {
			add.Language = file.To
		}
		done = func(r web.TranslationUploadResult) string { return fmt.Sprintf("%d changed", r.Changed) }
	}
	if add.Language == "" {
		add.Language = languageInName(c.File)
	}
	if add.Language == "" {
		return &usageError{"name the language of the file, such as --language es"}
	}
	return add.upload(ctx, t, name, data, done)
}
