package conference

import (
	"regexp"
	"slices"
	"strings"
)

// DefaultDescription is how talks are described where their conference has no template.
const DefaultDescription = `{abstract}

{chapters}

{speakers}
{conference}, {date}
{url}
{links}
{licence}
`

// placeholder is a word in braces.
var placeholder = regexp.MustCompile(`\{([a-z-]+)\}`)

// DescriptionPlaceholders are the words that a template may have in braces.
func DescriptionPlaceholders() []string {
	return []string{"title", "abstract", "chapters", "speakers", "conference", "conference-url", "date", "url", "links", "licence", "tags"}
}

// Placeholders are the words in braces of a template.
func Placeholders(template string) (words []string) {
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		words = append(words, m[1])
	}
	return words
}

// FillDescription fills a template with what is known. Of a line, words that stand for nothing go
// with what joins them to the word before; where all of them do, the line goes. Empty lines
// that meet become one.
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

// fillLine fills a line; ok is false where it has words and they stand for nothing.
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
