package main

import (
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	parser, err := newParser(new(commands), "DIR")
	if err != nil {
		t.Fatal(err)
	}
	var topLevel []string
	for _, command := range parser.Model.Children {
		if !command.Hidden {
			topLevel = append(topLevel, command.Name)
		}
	}
	slices.Sort(topLevel)
	talks := func() []string { return []string{"first-light", "second-light"} }
	for _, c := range []struct {
		line  string
		want  []string // all that begin so, sorted
		files bool
	}{
		{line: "bund", want: []string{"bundle"}},
		{line: "bundle ", want: []string{"build", "diff", "verify"}},
		{line: "bundle build ", want: []string{"first-light", "second-light"}},
		{line: "bundle build s", want: []string{"second-light"}},
		{line: "bundle build second-light ", want: nil},
		{line: "bundle verify ", files: true},
		{line: "bundle verify one two ", files: true},
		{line: "run talk.mp4 --chan", want: []string{"--channels"}},
		{line: "run talk.mp4 --channels ", want: []string{"auto", "left", "mix", "right", "stereo"}},
		{line: "run --channels=l", want: []string{"--channels=left"}},
		{line: "run --channels left ", files: true},
		{line: "run -o ", files: true},
		{line: "run --title ", want: nil},
		{line: "run --json ", files: true},
		{line: "link new ", want: []string{"organiser", "reviewer", "speaker", "translator", "volunteer"}},
		{line: "link new speaker --talk f", want: []string{"first-light"}},
		{line: "completion ", want: []string{"bash", "fish", "zsh"}},
		{line: "no-such-command --nothing ", want: topLevel},
	} {
		got := complete(parser.Model.Node, strings.Split(c.line, " "), talks)
		var words []string
		for _, s := range got.Words {
			words = append(words, s.Word)
		}
		slices.Sort(words)
		if !slices.Equal(words, c.want) || got.Files != c.files {
			t.Errorf("lectern %s: %q, files %v; want %q, %v", c.line, words, got.Files, c.want, c.files)
		}
	}
}
