package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completion is what can replace the last word of a command line.
type completion struct {
	Words []suggestion
	Files bool // names of files and directories, too
}

// suggestion is one word, and what it means if that is known.
type suggestion struct{ Word, Help string }

// complete returns what can replace the last of words, which are the words after "lectern". The
// last one is being typed and may be "". If the slug of a talk is possible, complete calls talks
// for all slugs.
func complete(app *kong.Node, words []string, talks func() []string) completion {
	if len(words) == 0 {
		words = []string{""}
	}
	line := parseLine(app, words[:len(words)-1])
	current := words[len(words)-1]
	switch name, value, ok := strings.Cut(current, "="); {
	case line.flag != nil:
		return completeValue(line.flag.Value, talks).startingWith(current)
	case ok && strings.HasPrefix(name, "--"):
		f := findFlag(line.node, name)
		if f == nil {
			return completion{}
		}
		c := completeValue(f.Value, talks).startingWith(value)
		for i := range c.Words {
			c.Words[i].Word = name + "=" + c.Words[i].Word
		}
		return c
	case strings.HasPrefix(current, "-"):
		return completeFlags(line.node).startingWith(current)
	case len(line.node.Children) > 0:
		return completeCommands(line.node).startingWith(current)
	case line.positional != nil:
		return completeValue(line.positional, talks).startingWith(current)
	}
	return completion{}
}

// parsedLine is the state of an unfinished command line.
type parsedLine struct {
	node       *kong.Node  // the command, or the application
	flag       *kong.Flag  // the flag whose value comes next, or nil
	positional *kong.Value // the argument that comes next, or nil
}

func parseLine(app *kong.Node, words []string) parsedLine {
	at := parsedLine{node: app}
	arguments := 0
	for _, w := range words {
		switch {
		case at.flag != nil:
			at.flag = nil
		case strings.HasPrefix(w, "-") && w != "-":
			f := findFlag(at.node, w)
			if f != nil && !f.IsBool() && !strings.Contains(w, "=") {
				at.flag = f
			}
		default:
			i := slices.IndexFunc(at.node.Children, func(c *kong.Node) bool { return c.Name == w })
			if i >= 0 {
				at.node = at.node.Children[i]
			} else {
				arguments++
			}
		}
	}
	if all := at.node.Positional; len(all) > 0 {
		last := all[len(all)-1]
		if arguments < len(all) {
			at.positional = all[arguments]
		} else if last.IsCumulative() {
			at.positional = last
		}
	}
	return at
}

// findFlag returns the flag of a command that a word such as --out, --out=DIR or -o is for, or nil.
func findFlag(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

func completeCommands(node *kong.Node) (c completion) {
	for _, child := range node.Children {
		if !child.Hidden {
			c.Words = append(c.Words, suggestion{child.Name, child.Help})
		}
	}
	return c
}

func completeFlags(node *kong.Node) (c completion) {
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			c.Words = append(c.Words, suggestion{"--" + f.Name, f.Help})
		}
	}
	return c
}

// completeValue returns the possible values of a flag or an argument: those of its enum, slugs of
// talks, or files. It returns none if any text is possible.
func completeValue(v *kong.Value, talks func() []string) (c completion) {
	placeholder := ""
	if v.Flag != nil {
		placeholder = v.Flag.PlaceHolder
	}
	switch {
	case v.Tag != nil && v.Tag.Has("values"): // further ones are possible
		for _, word := range strings.Split(v.Tag.Get("values"), ",") {
			c.Words = append(c.Words, suggestion{Word: word})
		}
	case v.Enum != "":
		for _, word := range v.EnumSlice() {
			if word != "" {
				c.Words = append(c.Words, suggestion{Word: word})
			}
		}
	case v.Flag == nil && v.Name == "talk" || placeholder == "SLUG":
		for _, slug := range talks() {
			c.Words = append(c.Words, suggestion{Word: slug})
		}
	case v.Flag == nil:
		c.Files = slices.Contains([]string{"recording", "dir", "file", "in", "out", "old", "new", "schedule", "source", "translation"}, v.Name)
	default:
		c.Files = v.Tag.Type == "path" || slices.Contains([]string{"FILE", "DIR", "OUT", "RECORDING", "NAME|FILE"}, placeholder)
	}
	return c
}

func (c completion) startingWith(prefix string) completion {
	c.Words = slices.DeleteFunc(c.Words, func(s suggestion) bool { return !strings.HasPrefix(s.Word, prefix) })
	return c
}
