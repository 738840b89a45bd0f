package web

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/match"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
	"github.com/lectern-av/lectern/internal/translation"
)

// catalogs are the English sentences that other packages make, by the prefix of the keys under
// which locales translate them: "finding.too-fast" translates check.English["too-fast"].
var catalogs = map[string]message.Templates{
	"subtitle": subtitle.English,
	"finding":  mergeTemplates(check.English, translation.English),
	"sync":     subsync.English,
	"match":    match.English,
	"event":    service.EventEnglish,
	"reason":   storedReasons,
}

func mergeTemplates(all ...message.Templates) message.Templates {
	merged := make(message.Templates)
	for _, t := range all {
		maps.Copy(merged, t)
	}
	return merged
}

// storedReasons are the reasons that are stored in words, because bundles hold them.
var storedReasons = mergeTemplates(conference.BlockerEnglish, message.Templates{
	"why.merged":           "uploaded {file} and merged it with newer changes",
	"why.uploaded":         "uploaded {file}",
	"why.handed-in":        "handed in",
	"why.imported":         "imported from {file}",
	"why.for-review":       "sent for review",
	"why.approved":         "approved",
	"why.sent-back":        "sent back: {note}",
	"why.restored":         "revision {n} restored",
	"why.source":           "the source is at revision {n}",
	"notes.no-title":       "an event without a title was skipped ({id})",
	"notes.state":          "“{title}” was skipped: it is {state}",
	"rebuilding":           "it is being processed again",
	"changed":              "it was changed since it was approved",
	"left-out.file":        "a file in the same language was handed in with the talk",
	"left-out.incomplete":  "{done} of {all} cues are {state}, and the release asks for {percent} %",
	"left-out.no-source":   "the talk has no subtitles in {language} that it could be held against",
	"omitted.outside":      "it is not in the programme",
	"omitted.short":        "only {ms} ms of it are in the programme",
	"omitted.card":         "it is over a card, where nothing is spoken, or outside the programme",
	"omitted.file-outside": "{file}: left out: it is not in the programme",
	"omitted.file-short":   "{file}: left out: only {ms} ms of it are in the programme",
	"omitted.file-card":    "{file}: left out: it is over a card, where nothing is spoken, or outside the programme",
})

// templates returns the sentences of a catalog in a locale. What is not translated is in English.
func (w messages) templates(locale, catalog string) message.Templates {
	translated := maps.Clone(catalogs[catalog])
	for code := range translated {
		if text, ok := w[locale][catalog+"."+code]; ok {
			translated[code] = text.Other
		}
	}
	return translated
}

// sentences returns a function that formats messages of a catalog in a locale.
func (w messages) sentences(locale, catalog string) func(message.Message) string {
	return w.templates(locale, catalog).Format
}

// diagnostics returns a function that says what was found in a subtitle file, from the English
// sentence and the message without words. Diagnostics that were stored without the latter are in
// English.
func (w messages) diagnostics(locale string) func(string, message.Message) problemText {
	t := w.templates(locale, "subtitle")
	return func(sentence string, detail message.Message) problemText {
		english := locales[0].String()
		switch {
		case locale == english:
			return problemText{Text: sentence}
		case detail.Code == "":
			return problemText{sentence, english}
		}
		return problemText{Text: subtitle.Sentence(t, detail)}
	}
}

// syncSentences returns a function that says how subtitles fit the sound.
func (w messages) syncSentences(locale string) func(*subsync.Result) string {
	t := w.templates(locale, "sync")
	return func(r *subsync.Result) string {
		var all []string
		for _, m := range r.Messages() {
			all = append(all, t.Format(m))
		}
		return strings.Join(all, " ")
	}
}

// issue returns what is wrong with a recording and what to do. In English it is what the
// recording check says; other languages know the kind of issue and whether it has places.
func (w messages) issue(locale string, issue conference.Issue) string {
	if locale == locales[0].String() {
		text := issue.Message
		if issue.Hint != "" {
			text += ". " + issue.Hint
		}
		return text
	}
	key := "issue." + string(issue.Kind)
	if _, ok := w[locale][key+".spans"]; ok && len(issue.Spans) > 0 {
		key += ".spans"
	}
	text, ok := w[locale][key]
	if !ok {
		return issue.Message
	}
	if hint, ok := w[locale][key+".hint"]; ok {
		return text.Other + " " + hint.Other
	}
	return text.Other
}

// reason translates a reason that is stored in English. What is not in storedReasons, such as what
// a person wrote, is returned as it is.
func (w messages) reason(locale, english string) string {
	if locale == locales[0].String() {
		return english
	}
	longest := slices.SortedFunc(maps.Keys(storedReasons), func(a, b string) int { // a shorter one may match its beginning
		return len(storedReasons[b]) - len(storedReasons[a])
	})
	for _, code := range longest {
		if m, ok := matchTemplate(code, storedReasons[code], english); ok {
			return w.templates(locale, "reason").Format(m)
		}
	}
	return english
}

// placeholder matches the name of a value in a template.
var placeholder = regexp.MustCompile(`\\\{([a-z]+)\\\}`)

// matchTemplate returns the message that a text was formatted from, if it was formatted from the
// template.
func matchTemplate(code, template, text string) (message.Message, bool) {
	pattern := placeholder.ReplaceAllString(regexp.QuoteMeta(template), "(?P<$1>.+)")
	re := regexp.MustCompile("^" + pattern + "$")
	values := re.FindStringSubmatch(text)
	if values == nil {
		return message.Message{}, false
	}
	var pairs []string
	for i, name := range re.SubexpNames() {
		if i > 0 {
			pairs = append(pairs, name, values[i])
		}
	}
	return message.New(code, pairs...), true
}
