package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write docs/cli.md, and the files that scripts compare, anew")

// TestCLIDocs holds docs/cli.md against the commands: go test ./cmd/lectern -run TestCLIDocs -update
// writes it.
func TestCLIDocs(t *testing.T) {
	const path = "../../docs/cli.md"
	parser, err := newParser(new(commands), "~/.local/share/lectern")
	if err != nil {
		t.Fatal(err)
	}
	want := cliDocs(parser.Model.Node)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the commands say: run this test with -update", path)
	}
}

// TestCommands_Help checks that every command says what it does, in a sentence that begins with a
// verb, and that every flag and argument is explained.
func TestCommands_Help(t *testing.T) {
	parser, err := newParser(new(commands), "DIR")
	if err != nil {
		t.Fatal(err)
	}
	sentence := func(what, help string) {
		if first := strings.ToUpper(help[:min(1, len(help))]); help == "" || !strings.HasPrefix(help, first) || !strings.HasSuffix(help, ".") {
			t.Errorf("%s: the help %q is not a sentence", what, help)
		}
	}
	for _, node := range parser.Model.Leaves(true) {
		sentence(node.FullPath(), node.Help)
		for _, p := range node.Positional {
			sentence(node.FullPath()+" "+p.Name, p.Help)
		}
		for _, f := range node.Flags {
			sentence(node.FullPath()+" --"+f.Name, f.Help)
		}
	}
}

// cliDocs writes the reference of all commands in Markdown.
func cliDocs(app *kong.Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nThis page is made from the program. `lectern COMMAND --help` prints the same.\n\n")
	for _, node := range app.Leaves(true) {
		fmt.Fprintf(&b, "- [`%s`](#%s): %s\n", node.FullPath(), anchor(node.FullPath()), node.Help)
	}
	b.WriteString("\nEvery command takes these:\n\n")
	writeFlags(&b, app.Flags)
	for _, node := range app.Leaves(true) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n    lectern %s\n", node.FullPath(), node.Help, node.Summary())
		if node.Detail != "" {
			fmt.Fprintf(&b, "\n%s\n", node.Detail)
		}
		if len(node.Positional)+len(node.Flags) > 0 {
			b.WriteString("\n")
		}
		for _, p := range node.Positional {
			fmt.Fprintf(&b, "- `%s`: %s\n", p.Summary(), p.Help)
		}
		writeFlags(&b, node.Flags)
	}
	return b.String()
}

func writeFlags(b *strings.Builder, flags []*kong.Flag) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		fmt.Fprintf(b, "- `%s`: %s", f.String(), f.Help)
		if f.HasDefault && f.Default != "" && !f.IsBool() && !strings.Contains(f.Help, f.Default) {
			fmt.Fprintf(b, " Default: `%s`.", f.Default)
		}
		if len(f.Envs) > 0 {
			fmt.Fprintf(b, " Environment: `%s`.", strings.Join(f.Envs, "`, `"))
		}
		b.WriteString("\n")
	}
}

// anchor returns the fragment under which GitHub shows a heading.
func anchor(heading string) string { return strings.ReplaceAll(heading, " ", "-") }

// TestExamples_Parse checks that each visible command has an example, and that the examples are
// command lines that can be parsed.
func TestExamples_Parse(t *testing.T) {
	parser, err := newParser(new(commands), "DIR")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, node := range parser.Model.Leaves(true) {
		known[node.Path()] = true
		if examples[node.Path()] == "" && node.Name != "completion" {
			t.Errorf("%s has no example", node.FullPath())
		}
	}
	for path, lines := range examples {
		if !known[path] {
			t.Errorf("examples of %q, which is not a command", path)
		}
		for line := range strings.Lines(strings.TrimSpace(lines)) {
			words := splitWords(strings.TrimSpace(line))
			parser, err := newParser(new(commands), "DIR") // flags keep what they were set to
			if err != nil {
				t.Fatal(err)
			}
			c, err := parser.Parse(words[1:])
			if err != nil {
				t.Errorf("%s: %v", line, err)
			} else if got := c.Selected().Path(); got != path {
				t.Errorf("%s: is an example of %s, want %s", line, got, path)
			}
		}
	}
}

// splitWords splits a command line at spaces outside of single quotes.
func splitWords(line string) (words []string) {
	quoted := false
	word := ""
	for _, r := range line {
		switch {
		case r == '\'':
			quoted = !quoted
		case r == ' ' && !quoted:
			words = append(words, word)
			word = ""
		default:
			word += string(r)
		}
	}
	return append(words, word)
}
