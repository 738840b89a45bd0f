// Package translation keeps translated subtitles in step with their source: it records which
// source cues each translated cue was made from and what they said, adapts translations when
// the source changes, checks them, and moves them through review.
//
// A translated cue names the ids of its source cues and a hash of their text. If the text
// changes, the cue needs editing; if only its times change, it is retimed and keeps its
// state. This is gettext's rule for fuzzy entries, previous source included, applied to cues
// that can also be split, merged and moved.
//
// Package exchange below it writes translations as PO, XLIFF and CSV, and reads them back.
package translation

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// State is how far the translation of a cue, or of a whole track, has come.
type State string

// The states of a translated cue.
const (
	Untranslated State = "untranslated"  // no text, or a copy of the source
	NeedsEditing State = "needs-editing" // the source text has changed since
	Draft        State = "draft"
	InReview     State = "in-review"
	Approved     State = "approved"
	Obsolete     State = "obsolete" // its source cues were deleted
)

// Cue is a translated cue with what is known of its source and state.
type Cue struct {
	conference.Cue
	SourceIDs      []string `json:"of,omitempty"`   // in time order; none if unknown
	SourceHash     string   `json:"hash,omitempty"` // of the source text when it was translated; see [HashText]
	PreviousSource string   `json:"was,omitempty"`  // that source text, if it has changed since
	State          State    `json:"state"`
	PreviousState  State    `json:"stood,omitempty"` // its state before the source changed
	Author         string   `json:"by,omitempty"`    // its author
	Notes          []Note   `json:"notes,omitempty"` // oldest first
}

// Note is a comment on a cue by a translator or reviewer.
type Note struct {
	Author string `json:"who,omitempty"`
	Text   string `json:"text"`
}

// HashText returns a short hash of a cue's text. It does not depend on how much white space, or
// which line breaks, are between words.
func HashText(text string) string {
	sum := sha256.Sum256([]byte(collapseSpaces(text)))
	return hex.EncodeToString(sum[:8])
}

// collapseSpaces returns text with each run of white space replaced by one space.
func collapseSpaces(text string) string { return strings.Join(strings.Fields(text), " ") }

// JoinText returns the texts of cues, each beginning on a line of its own.
func JoinText(cues []conference.Cue) string {
	texts := make([]string, len(cues))
	for i, c := range cues {
		texts[i] = c.Text
	}
	return strings.Join(texts, "\n")
}

// Placeholder is the text of a cue in a subtitle file whose translation is missing. It cannot
// be empty: many subtitle readers drop cues without text, and with them their times.
const Placeholder = "[…]"

// LinkCues returns the cues of a translated subtitle file, each linked to the source cues that
// it translates. Cues that only repeat their source, or hold a [Placeholder], are
// untranslated; all others are drafts.
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
