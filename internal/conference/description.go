package conference

import (
	"regexp"
	"slices"
	"strings"
)

// DefaultDescription is the template for descriptions of talks of conferences that have none of
// their own.
const DefaultDescription = `{abstract}

{chapters}

{speakers}
{conference}, {date}
{url}
{links}
{licence}
`

// placeholder matches a name in braces.
var placeholder = regexp.MustCompile(`\{([a-z-]+)\}`)

// DescriptionPlaceholders returns the names of the placeholders that a template of descriptions may
// use.
func DescriptionPlaceholders() []string {
	return []string{"title", "abstract", "chapters", "speakers", "conference", "conference-url", "date", "url", "links", "licence", "tags"}
}

// Placeholders returns the names in braces in a template, in their order, known or not.
func Placeholders(template string) (words []string) {
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		words = append(words, m[1])
	}
	return words
}

// FillDescription replaces each placeholder of a template by its value in known, by names without
// braces. A placeholder without a value is removed with the text between it and the placeholder
// before it, or after it if it is the first of its line. A line is removed if none of its
// placeholders has a value. Consecutive empty lines become one.
func FillDescription(template string, known map[string]string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(template), "\n") {
		if line, ok := fillLine(line, known); ok {
			lines = append(lines, strings.TrimRight(line, " \t"))
		}
	}
	lines = slices.CompactFunc(lines, func(a, b string) bool { return a == "" && b == "" })
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// fillLine returns a line with its placeholders replaced, as FillDescription describes. ok is false
// if it has placeholders and none of them has a value.
func fillLine(line string, known map[string]string) (filled string, ok bool) {
	words := placeholder.FindAllStringSubmatchIndex(line, -1)
	if len(words) == 0 {
		return line, true
	}
	filled = line[:words[0][0]]
	for i, w := range words {
		value := strings.TrimSpace(known[line[w[2]:w[3]]])
		if value == "" {
			continue
		}
		if ok {
			filled += line[words[i-1][1]:w[0]]
		}
		filled, ok = filled+value, true
	}
	return filled + line[words[len(words)-1][1]:], ok
}
