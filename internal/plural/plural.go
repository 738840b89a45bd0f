// Package plural formats counts with English nouns.
package plural

import "strconv"

// Count returns a number and its noun, such as "1 cue" or "12 cues". The noun must take an s.
func Count(n int, noun string) string { return Choose(n, noun, noun+"s") }

// Choose returns a number and one or many, such as "1 cue matches" or "12 cues match".
func Choose(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
