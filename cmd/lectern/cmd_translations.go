package main

// translationsCmd is about translated tracks and what they were translated from. Update, Export,
// Import and Check work on plain files; the others work on what the catalogue has.
type translationsCmd struct {
	Update   translationsUpdateCmd   `cmd:"" help:"Bring a translated file along to a corrected source file."`
	Export   translationsExportCmd   `cmd:"" help:"Write subtitles for a translator: as PO, XLIFF, CSV, SRT or WebVTT."`
	Import   translationsImportCmd   `cmd:"" help:"Read what a translator sent, and write the translated subtitles."`
	Check    translationsCheckCmd    `cmd:"" help:"Look a translated file through beside its source file."`
	Status   translationsStatusCmd   `cmd:"" help:"Say how far the translations of a talk have come."`
	Add      translationsAddCmd      `cmd:"" help:"Hand in a translated file for a talk."`
	Review   translationsReviewCmd   `cmd:"" help:"Hand drafts in for review."`
	Approve  translationsApproveCmd  `cmd:"" help:"Approve what is in review in another's words."`
	SendBack translationsSendBackCmd `cmd:"" help:"Send back what is in review or approved, and say why."`
	History  translationsHistoryCmd  `cmd:"" help:"Say who changed a translation, when and why."`
	Restore  translationsRestoreCmd  `cmd:"" help:"Make an earlier revision the present one."`
}
