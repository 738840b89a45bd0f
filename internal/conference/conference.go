// Package conference defines Lectern's data model: what people say about a talk and submit for
// it. Nothing here reads or writes anything.
package conference

import (
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Talk is one scheduled slot, as its speaker and the schedule describe it.
type Talk struct {
	Slug       string            `json:"slug"`                // names the bundle; stays when the title changes
	Title      string            `json:"title"`               // in the language of the talk
	Titles     map[string]string `json:"titles,omitempty"`    // in other languages, by BCP 47
	Kind       string            `json:"kind"`                // "talk" or "tutorial"
	Speakers   []string          `json:"speakers"`            //
	Language   string            `json:"language"`            // BCP 47, what is spoken
	Conference string            `json:"conference"`          // as the cards show it
	Abstract   string            `json:"abstract"`            // in the language of the talk
	Abstracts  map[string]string `json:"abstracts,omitempty"` // in other languages, by BCP 47
	Tags       []string          `json:"tags"`                //
	Licence    string            `json:"licence"`             //
	Date       string            `json:"date"`                // YYYY-MM-DD, the day it was given
	URL        string            `json:"url"`                 // the talk's page at the conference
	Links      []Link            `json:"links,omitempty"`     // slides, code and the like
	Chapters   []Chapter         `json:"chapters,omitempty"`  // ascending
	Length     time.Duration     `json:"length,omitempty"`    // of the slot; 0: unknown
}

// Link is something on the web that belongs to a talk: slides, code and the like.
type Link struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url"`
}

// Conference is what all talks of a conference share, as far as a talk does not say otherwise.
type Conference struct {
	Name        string `json:"name"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"` // template for the description of talks; see [FillDescription]
	Cards       *Cards `json:"cards,omitempty"`       // nil: Lectern's
}

// Recording is one original media file, identified by its content and never modified.
type Recording struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
	Name   string `json:"name"` // of the file as submitted, for people
}

// KeptRange is one range of the recordings that a cut keeps.
type KeptRange struct {
	Recording int           `json:"recording"` // 0: From and To are reel time; N: time of recording N
	From      time.Duration `json:"from"`
	To        time.Duration `json:"to"`
}

// Facts is everything that people have said and submitted about one talk. Together with the
// observations of its recordings and a pipeline it determines the bundle.
type Facts struct {
	Talk       Talk              `json:"talk"`
	Conference Conference        `json:"conference,omitzero"`
	Recordings []Recording       `json:"recordings"` // in reel order
	Cut        []KeptRange       `json:"cut"`        // empty: everything is kept
	Channels   Channels          `json:"channels"`
	Processing ProcessingOptions `json:"treatment,omitzero"`
	Tracks     []Track           `json:"tracks"` // one per language, sorted by language
	Withheld   []WithheldTrack   `json:"left_out,omitempty"`
	Salts      map[string]int    `json:"salts"` // by rendition; raised when its segments cannot be joined
}

// TrackKind says whether a track was written for the talk or translated.
type TrackKind string

// The kinds of tracks.
const (
	Authored    TrackKind = "authored"    // in the language that is spoken
	Translation TrackKind = "translation" // in any other
)

// Track is the subtitles of one talk in one language, at one revision.
type Track struct {
	Language string      `json:"language"` // BCP 47
	Kind     TrackKind   `json:"kind"`
	State    string      `json:"state"`    // "draft" … "approved"; a release may require one
	Revision int         `json:"revision"` // counted from 1
	File     string      `json:"file"`     // name of the file as submitted, for people
	Source   *SourceFile `json:"source"`   // the file; nil: unknown
	Cues     []Cue       `json:"cues"`     // in reel time, ascending

	Translated *Completeness `json:"translated,omitempty"` // how much of its source it covers; nil: not counted
}

// FindTrack returns the track in a language (BCP 47), or nil if there is none. It points into
// tracks.
func FindTrack(tracks []Track, language string) *Track {
	return firstTrack(tracks, func(t Track) bool { return t.Language == language })
}

// FindAuthored returns the track that was written for the talk, or nil if there is none. It points
// into tracks.
func FindAuthored(tracks []Track) *Track {
	return firstTrack(tracks, func(t Track) bool { return t.Kind == Authored })
}

func firstTrack(tracks []Track, is func(Track) bool) *Track {
	if i := slices.IndexFunc(tracks, is); i >= 0 {
		return &tracks[i]
	}
	return nil
}

// Completeness says how much of its source a translation covers.
type Completeness struct {
	Revision int `json:"source_revision"`
	Cues     int `json:"source_cues"`
	Done     int `json:"translated"` // how many of them are translated as far as a release requires
}

// WithheldTrack is a translation that is not released, and why.
type WithheldTrack struct {
	Language   string       `json:"language"` // BCP 47
	Reason     string       `json:"why"`      // in words
	Translated Completeness `json:"translated"`
}

// States of a track that Lectern itself goes by.
const (
	TrackDraft    = "draft"    // not reviewed: not shown to viewers
	TrackApproved = "approved" // may be released
)

// Cue is one caption.
type Cue struct {
	ID       string        `json:"id"` // stays when the cue is edited; unique in its track
	Start    time.Duration `json:"start"`
	End      time.Duration `json:"end"`
	Text     string        `json:"text"`            // what a viewer reads: lines joined by "\n", no markup, nothing escaped
	Spans    []Span        `json:"spans,omitempty"` // styles of parts of Text; ascending, disjoint, none of them plain
	Position int           `json:"place,omitempty"` // on the screen, as on a numeric keypad: 8 is top centre; 0: the default, bottom centre
	Line     int           `json:"-"`               // in the file it was read from, from 1; 0: unknown
}

// Span is a part of a cue's text with its own style.
type Span struct {
	From      int    `json:"from"` // byte offset in the text
	To        int    `json:"to"`
	Italic    bool   `json:"italic,omitempty"`
	Bold      bool   `json:"bold,omitempty"`
	Underline bool   `json:"underline,omitempty"`
	Colour    string `json:"colour,omitempty"` // "#rrggbb" in lower case; "": the player's default
}

// Edition describes one programme exactly and never changes. Its ID is the hash of the rest.
type Edition struct {
	ID         string             `json:"id"`
	Recordings []string           `json:"recordings"` // content hashes, in reel order
	Programme  timeline.Programme `json:"programme"`
}
