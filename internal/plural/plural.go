// Package plural formats counts with English nouns.
package plural

import "strconv"

// Count returns n and a noun in the singular or plural, such as "1 cue" or "12 cues". The plural of
// the noun must be noun + "s".
func Count(n int, noun string) string { return Choose(n, noun, noun+"s") }

// Choose returns n followed by one if n is 1, else by many: "1 cue matches" or "12 cues match".
func Choose(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
