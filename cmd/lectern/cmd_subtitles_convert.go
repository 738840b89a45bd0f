package main

import "context"

type subtitlesConvertCmd struct {
	In  string `arg:"" help:"The subtitle file, in any format. - reads standard input."`
	Out string `arg:"" help:"The file to write. Its extension sets the format: .srt, .vtt, .ttml, .ssa, .ass, or .txt for a transcript. - writes to standard output."`
	subtitleFlags
	To    string `help:"Format to write, regardless of the extension: srt, vtt, ttml, ssa, ass or txt." enum:",srt,vtt,ttml,dfxp,ssa,ass,txt" default:"" placeholder:"FORMAT"`
	Plain bool   `help:"Leave out italics, colours, positions and other styling, as YouTube requires."`
}

// Run implements `lectern subtitles convert`: it writes a subtitle file in another format, and
// prints to standard error what that format cannot represent.
func (c *subtitlesConvertCmd) Run(ctx context.Context, t *console) error {
	out, err := newOutputFile(c.Out, c.To, c.In)
	if err != nil {
		return err
	}
	in, err := c.read(ctx, c.In)
	if err != nil {
		return err
	}
	in.printWarnings(t)
	return out.write(t, in, in.Cues, c.Plain)
}
