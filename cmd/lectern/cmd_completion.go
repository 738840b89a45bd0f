package main

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" help:"The shell: ${enum}." enum:"bash,zsh,fish"`
}

// Help returns the text of `lectern completion --help` below the usage: how to load the script in
// each shell.
func (c *completionCmd) Help() string {
	return `For bash, put this into ~/.bashrc:

    source <(lectern completion bash)

For zsh, put this into ~/.zshrc, after compinit:

    source <(lectern completion zsh)

For fish:

    lectern completion fish >~/.config/fish/completions/lectern.fish`
}

// The scripts run `lectern __complete` to get suggestions: one on a line, with a tab and an
// explanation after it. The line ":files" tells the shell to complete names of files.
var (
	//go:embed completion/lectern.bash
	bashCompletion string
	//go:embed completion/lectern.zsh
	zshCompletion string
	//go:embed completion/lectern.fish
	fishCompletion string
)

// Run implements `lectern completion`: it prints the script for the shell to load.
func (c *completionCmd) Run(t *console) error {
	script := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	_, err := fmt.Fprint(t.out, script)
	return err
}

// completeCmd answers the scripts that `lectern completion` prints.
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run implements `lectern __complete`, which only the completion scripts call. It prints the words
// that can replace the last one, each with a tab and an explanation after it, and ":files" if names
// of files are possible.
func (c *completeCmd) Run(ctx context.Context, t *console, app *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	found := complete(app.Model.Node, words, func() []string { return talkSlugs(ctx, defaultDataDir()) })
	for _, s := range found.Words {
		line := s.Word
		if s.Help != "" {
			line += "\t" + s.Help
		}
		fmt.Fprintln(t.out, strings.ReplaceAll(line, "\n", " "))
	}
	if found.Files {
		fmt.Fprintln(t.out, ":files")
	}
	return nil
}

// talkSlugs returns the slugs of the talks in a data directory. It returns none if the directory
// cannot be read, since completion has nowhere to show an error.
func talkSlugs(ctx context.Context, dir string) (slugs []string) {
	c, ok, err := openCatalogReadOnly(ctx, dir)
	if err != nil || !ok {
		return nil
	}
	defer c.Close()
	talks, err := c.Talks(ctx)
	if err != nil {
		return nil
	}
	for _, talk := range talks {
		slugs = append(slugs, talk.Slug)
	}
	return slugs
}
