package check

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// wordKind is a class of words that belong to the word after them, so that no line should end
// with one.
type wordKind string

// The kinds. What each means for a line break is said in [English].
const (
	article     wordKind = "article"
	determiner  wordKind = "determiner"
	preposition wordKind = "preposition"
	conjunction wordKind = "conjunction"
	pronoun     wordKind = "pronoun"
	auxiliary   wordKind = "auxiliary"
	title       wordKind = "title"
	name        wordKind = "name" // not a class of words: recognised by its capitals
)

// wordClass lists the words of a kind in one language.
type wordClass struct {
	kind         wordKind
	words        string
	exceptBefore []wordKind // kinds of the next word that make it another kind here: “we have / the time”
}

// noVerbAfter are the kinds that show that a pronoun or auxiliary before them is not waiting
// for its verb: “we have / the time”.
var noVerbAfter = []wordKind{article, determiner, preposition, conjunction}

// grammars are the word classes by language (ISO 639), as TED's, the BBC's and Netflix's
// guidelines name them. Words that usually do not belong to the next one, such as the
// particles of “log out” and “turn off”, are left out, because a list full of false alarms is
// not read. A word belongs to the first class that contains it.
var grammars = map[string][]wordClass{
	"en": {
		{kind: article,
			words: "a an the"},
		{kind: determiner,
			words: "my your our their its every these those"},
		{kind: preposition,
			words: "of to for with from at by into onto in on upon between among through during without within against toward towards via per than"},
		{kind: conjunction,
			words: "and or but nor because if unless although though whereas whether which who whose when where as"},
		{kind: conjunction, exceptBefore: []wordKind{preposition, conjunction, auxiliary},
			words: "that while"},
		{kind: pronoun, exceptBefore: noVerbAfter,
			words: "i we they he she i'm we're they're he's she's you're i've we've you've they've i'll we'll you'll they'll he'll she'll it'll i'd we'd they'd he'd she'd you'd it's that's there's here's what's who's let's"},
		{kind: auxiliary, exceptBefore: noVerbAfter,
			words: "am is are was were be been being have has had having will would shall should can could may might must cannot gonna wanna " +
				"isn't aren't wasn't weren't haven't hasn't hadn't won't wouldn't shouldn't can't couldn't don't doesn't didn't not"},
		{kind: title,
			words: "mr. mrs. ms. dr. prof. mr mrs ms dr prof st."},
	},
	"es": {
		{kind: article,
			words: "el la los las un una unos unas lo"},
		{kind: determiner,
			words: "mi mis tu tus su sus nuestro nuestra nuestros nuestras cada este esta estos estas ese esa esos esas aquel aquella cualquier"},
		{kind: preposition,
			words: "a al ante bajo con contra de del desde durante en entre hacia hasta mediante para por según sin sobre tras"},
		{kind: conjunction,
			words: "y e o u ni que si pero porque aunque como cuando donde mientras pues sino cuyo cuya quien quienes"},
		{kind: pronoun, exceptBefore: noVerbAfter,
			words: "yo me te se le les nos os"},
		{kind: auxiliary, exceptBefore: noVerbAfter,
			words: "he has ha hemos habéis han había habías habíamos habían haya hayan hubiera estoy estás está estamos están estaba estaban " +
				"es son era eran fue fueron será serán puedo puedes puede podemos pueden podía podrá podrán podría debo debes debe debemos deben " +
				"voy vas va vamos van no"},
		{kind: title,
			words: "sr. sra. dr. dra. d. dña. don doña"},
	},
}

// grammar holds the word classes of one language by word. The nil grammar has none.
type grammar struct {
	classes map[string]*wordClass
}

// grammarFor returns the grammar of a language, a BCP 47 tag, or nil if there is none.
func grammarFor(tag string) *grammar {
	base, _, _ := language.Make(tag).Raw()
	classes, ok := grammars[base.String()]
	if !ok {
		return nil
	}
	g := &grammar{classes: map[string]*wordClass{}}
	for i := range classes {
		for _, word := range strings.Fields(classes[i].words) {
			if g.classes[word] == nil {
				g.classes[word] = &classes[i]
			}
		}
	}
	return g
}

// badBreakReason returns why a line should not be broken between the words before it and the word
// next, or "" if it may be. It is always "" for the nil grammar.
func (g *grammar) badBreakReason(before []string, next string) wordKind {
	if g == nil || len(before) == 0 {
		return ""
	}
	last := before[len(before)-1]
	word := strings.ToLower(strings.ReplaceAll(trimOpening(last), "’", "'"))
	if b := g.classes[word]; b != nil {
		follows := g.classes[strings.ToLower(strings.TrimRightFunc(next, unicode.IsPunct))]
		if follows != nil && slices.Contains(b.exceptBefore, follows.kind) {
			return ""
		}
		return b.kind
	}
	if len(before) > 1 && !endsPhrase(before[len(before)-2]) && isName(last) && isName(strings.TrimRightFunc(next, unicode.IsPunct)) {
		return name
	}
	return ""
}

func trimOpening(word string) string {
	return strings.TrimLeft(word, "\"“”‘'([{¿¡«„-–—")
}

// endsPhrase reports whether a word ends a sentence or a part of one, so that a capital after it
// need not mean a name.
func endsPhrase(word string) bool {
	r, _ := utf8.DecodeLastRuneInString(word)
	return unicode.IsPunct(r) || r == '>'
}

// isName reports whether a word looks like a name: a capital followed by small letters.
func isName(word string) bool {
	first, n := utf8.DecodeRuneInString(word)
	if !unicode.IsUpper(first) || len(word) == n {
		return false
	}
	for _, r := range word[n:] {
		if !unicode.IsLower(r) && !unicode.IsMark(r) {
			return false
		}
	}
	return true
}
