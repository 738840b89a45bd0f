package compare

import (
	"strings"

	"github.com/rivo/uniseg"
)

// markChanges returns both texts with the words marked that differ: [-in the old-] and {+in the
// new+}. Texts with little in common are returned unchanged.
func markChanges(was, is string) (string, string) {
	a, b := splitWords(was), splitWords(is)
	if len(a)*len(b) > 1<<20 {
		return was, is // too long for a caption
	}
	inA, inB, same := longestCommon(a, b)
	if 2*same < max(countNonSpace(a), countNonSpace(b)) {
		return was, is
	}
	return markRuns(a, inA, "[-", "-]"), markRuns(b, inB, "{+", "+}")
}

// TextPart is a piece of a text, and whether another text has it as well.
type TextPart struct {
	Text   string
	Common bool
}

// SplitByCommon splits two texts into pieces that both have and pieces that only one of them has.
// It splits only between words. Very long texts are not compared; each is then one piece that is
// not common.
func SplitByCommon(was, is string) (old, new []TextPart) {
	a, b := splitWords(was), splitWords(is)
	if len(a)*len(b) > 1<<20 {
		return []TextPart{{was, false}}, []TextPart{{is, false}} // too long for a caption
	}
	inA, inB, _ := longestCommon(a, b)
	return joinParts(a, inA), joinParts(b, inB)
}

// joinParts joins neighbouring words into one part if they are all common, or all not. kept[n] says
// whether word n is common.
func joinParts(words []string, kept []bool) (all []TextPart) {
	for n, w := range words {
		if last := len(all) - 1; last >= 0 && all[last].Common == kept[n] {
			all[last].Text += w
		} else {
			all = append(all, TextPart{w, kept[n]})
		}
	}
	return all
}

// splitWords splits text at word boundaries. Spaces and punctuation are words of their own.
func splitWords(text string) (list []string) {
	for state := -1; text != ""; {
		var word string
		word, text, state = uniseg.FirstWordInString(text, state)
		list = append(list, word)
	}
	return list
}

// longestCommon returns which words of a and of b belong to their longest common subsequence, and
// how many of those are not white space. All white space is equal.
func longestCommon(a, b []string) (inA, inB []bool, same int) {
	longest := make([][]int, len(a)+1) // from a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if sameWord(a[i], b[j]) {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case sameWord(a[i], b[j]):
			inA[i], inB[j] = true, true
			same += countNonSpace(a[i : i+1])
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB, same
}

func sameWord(a, b string) bool { return a == b || countNonSpace([]string{a, b}) == 0 }

// countNonSpace returns how many words are not white space.
func countNonSpace(words []string) (n int) {
	for _, w := range words {
		if strings.TrimSpace(w) != "" {
			n++
		}
	}
	return n
}

// markRuns joins words to a text, and puts before and after around each run of words that are not
// kept. A run ends at a line break.
func markRuns(words []string, kept []bool, before, after string) string {
	var b strings.Builder
	open := false
	turn := func(to bool) {
		if open != to {
			open = to
			b.WriteString(map[bool]string{true: before, false: after}[to])
		}
	}
	for n, w := range words {
		switch {
		case strings.ContainsAny(w, "\r\n"):
			turn(false)
		case countNonSpace(words[n:n+1]) > 0:
			turn(!kept[n])
		case n+1 == len(words) || kept[n+1]:
			turn(false)
		}
		b.WriteString(w)
	}
	turn(false)
	return b.String()
}
