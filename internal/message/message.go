// Package message carries sentences for people as a code and values, so that each can be
// put into words where its reader's language is known.
package message

import (
	"maps"
	"slices"
	"strings"
)

// Message is a sentence, or a part of one, that has not been put into words yet. Its code
// never changes once released: translations are kept under it.
type Message struct {
	Code   string            // for programs: "too-fast.words"
	Values map[string]string // by the name of their placeholder; written as in any language: "1.5 s", "42"
}

// New returns a message. pairs are the names of placeholders, each followed by its value.
func New(code string, pairs ...string) Message {
	m := Message{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if m.Values == nil {
			m.Values = make(map[string]string)
		}
		m.Values[pairs[i]] = pairs[i+1]
	}
	return m
}

// Pairs returns the message's values in the form that New takes: the names of placeholders in
// alphabetical order, each followed by its value.
func (m Message) Pairs() (pairs []string) {
	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		pairs = append(pairs, name, m.Values[name])
	}
	return pairs
}

// Templates are the sentences of one language by code. Placeholders are names in braces.
type Templates map[string]string

// Format returns a message as a sentence: the template of its code with the values filled in. If
// the code has no template, Format returns the code.
func (t Templates) Format(m Message) string {
	text, ok := t[m.Code]
	if !ok {
		return m.Code
	}
	pairs := m.Pairs()
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
