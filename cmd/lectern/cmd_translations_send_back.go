package main

import "context"

type translationsSendBackCmd struct {
	trackFlags
	Cue  string `help:"Send back only this source cue, by the id that status, PO and CSV show." placeholder:"ID"`
	Note string `required:"" help:"What to change." placeholder:"TEXT"`
}

// Run implements `lectern translations send-back`: it turns texts of a translation that are in
// review or approved into drafts again, with a note for the translators. With --cue it does so for
// one text, else for all.
func (c *translationsSendBackCmd) Run(ctx context.Context, t *console) error {
	in := map[string]string{"note": c.Note}
	if c.Cue != "" {
		in["cue"] = c.Cue
	}
	return c.change(ctx, t, "/send-back", in, "sent back", "")
}
