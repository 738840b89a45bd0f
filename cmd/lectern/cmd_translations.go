package main

// translationsCmd works on translations of talks, through the API. Update, Check, Export and Import
// work on plain files as well.
type translationsCmd struct {
	Update   translationsUpdateCmd   `cmd:"" help:"Update a translated file after its source was corrected."`
	Export   translationsExportCmd   `cmd:"" help:"Export subtitles for translators as PO, XLIFF, CSV, SRT or WebVTT."`
	Import   translationsImportCmd   `cmd:"" help:"Import a translator's file, into a talk or as a subtitle file."`
	Check    translationsCheckCmd    `cmd:"" help:"Check a translated file against its source."`
	Status   translationsStatusCmd   `cmd:"" help:"Show the progress of a talk's translations, and what is left to do."`
	Add      translationsAddCmd      `cmd:"" help:"Upload a translated subtitle file to a talk."`
	Review   translationsReviewCmd   `cmd:"" help:"Submit drafts for review."`
	Approve  translationsApproveCmd  `cmd:"" help:"Approve what is in review, except your own work."`
	SendBack translationsSendBackCmd `cmd:"" help:"Send a translation back to its translators with a note."`
	History  translationsHistoryCmd  `cmd:"" help:"List the revisions of a translation."`
	Restore  translationsRestoreCmd  `cmd:"" help:"Restore an earlier revision of a translation."`
}
