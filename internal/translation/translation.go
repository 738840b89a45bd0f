// Package translation keeps translated tracks to their sources: it knows of which source
// cues each translated one was made and what they said then, and brings a translation
// along when its source changes.
//
// A translated cue names the ids of its source cues and the hash of their text. What the
// hash no longer fits needs editing; nothing else does, however times move. The rule is
// that of gettext's fuzzy entries, whose previous source is kept as well, applied to cues
// that can also split, merge and move.
package translation

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// State is how far a translated cue, or a whole track, has come.
type State string

// The states of a cue, in the order in which a translator comes to them.
const (
	Untranslated State = "untranslated"  // there is nothing, or a copy of the source
	NeedsEditing State = "needs-editing" // the source says something else than when it was made
	Draft        State = "draft"
	InReview     State = "in-review"
	Approved     State = "approved"
	Obsolete     State = "obsolete" // its source is gone
)

// Cue is a translated cue and what it was made of.
type Cue struct {
	conference.Cue
	SourceIDs      []string `json:"of,omitempty"`   // ids of its source cues, in their order; none: nobody knows
	SourceHash     string   `json:"hash,omitempty"` // of what they said when it was made
	PreviousSource string   `json:"was,omitempty"`  // what they said, where they say something else now
	State          State    `json:"state"`
	PreviousState  State    `json:"stood,omitempty"` // its state before its source changed
	By             string   `json:"by,omitempty"`    // whose words these are
	Notes          []Note   `json:"notes,omitempty"` // of translators and reviewers, the first one first
}

// Note is what somebody remarked about a cue.
type Note struct {
	Who  string `json:"who,omitempty"`
	Text string `json:"text"`
}

// HashText is that of a source's text, however it is spaced and broken into lines.
func HashText(text string) string {
	sum := sha256.Sum256([]byte(collapseSpaces(text)))
	return hex.EncodeToString(sum[:8])
}

// collapseSpaces is text with one space for any white space.
func collapseSpaces(text string) string { return strings.Join(strings.Fields(text), " ") }

// JoinText is what cues say, one after the other.
func JoinText(cues []conference.Cue) string {
	texts := make([]string, len(cues))
	for i, c := range cues {
		texts[i] = c.Text
	}
	return strings.Join(texts, "\n")
}

// Placeholder is what stands in a subtitle file where a translation is still to come. A cue
// without text would not do: readers leave those out, and their times with them.
const Placeholder = "[…]"

// LinkCues is the cues of a translation as it was handed in, bound to those of its source.
// Cues that only copy their source, or still are placeholders, are untranslated; all others
// are drafts.
func LinkCues(source, translated []conference.Cue) []Cue {
	all := make([]Cue, len(translated))
	for j, links := range Align(source, translated) {
		c := Cue{Cue: translated[j], State: Draft}
		if c.Text == Placeholder {
			c.State = Untranslated
		}
		var of []conference.Cue
		for _, i := range links {
			c.SourceIDs = append(c.SourceIDs, source[i].ID)
			of = append(of, source[i])
		}
		if len(of) > 0 {
			c.SourceHash = HashText(JoinText(of))
		}
		all[j] = c
	}
	MarkCopies(source, all)
	return all
}

// MergeResult is what came of taking over a file of a translator's.
type MergeResult struct {
	UpdateReport           // of the translation beside its source
	Changed      int       `json:"changed"` // units that are translated otherwise than when they were handed out
	Emptied      int       `json:"emptied"` // units whose translation was taken away
	OtherSource  bool      `json:"other"`   // it was made from another version of the source, and was brought along
	Lost         []CueLine `json:"lost"`    // translations that fit nothing: what they say, and where in the file
	OrphanNotes  []CueLine `json:"remarks"` // notes on what is not translated, which no cue can keep
}
