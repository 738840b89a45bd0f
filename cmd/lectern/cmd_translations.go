package main

// translationsCmd is about translated tracks and what they were translated from.
type translationsCmd struct {
	Update translationsUpdateCmd `cmd:"" help:"Bring a translated file along to a corrected source file."`
}
