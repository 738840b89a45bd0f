package web

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/match"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/planner"
	"github.com/lectern-av/lectern/internal/schedule"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/submission"
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
	"issue":    conference.IssueEnglish,
}

func mergeTemplates(all ...message.Templates) message.Templates {
	merged := make(message.Templates)
	for _, t := range all {
		maps.Copy(merged, t)
	}
	return merged
}

// storedReasons are the reasons that are stored in words, because bundles and histories hold them.
// They are formatted from these templates, by which reason recognizes them.
var storedReasons = mergeTemplates(conference.BlockerEnglish, planner.WithheldEnglish, schedule.NoteEnglish,
	service.ReleaseEnglish, submission.NoteEnglish, subtitle.OmittedEnglish, translation.WhyEnglish)

// templates returns the sentences of a catalog in a locale, by code. Sentences without a
// translation are in English.
func (w messages) templates(locale, catalog string) message.Templates {
	translated := maps.Clone(catalogs[catalog])
	for code := range translated {
		if text, ok := w[locale][catalog+"."+code]; ok {
			translated[code] = text.Other
		}
	}
	return translated
}

// sentences returns a function that formats the messages of a catalog in a locale.
func (w messages) sentences(locale, catalog string) func(message.Message) string {
	t := w.templates(locale, catalog)
	return func(m message.Message) string { return t.Format(w.localize(locale, m)) }
}

// diagnostics returns a function that returns a diagnostic of a subtitle file in a locale. The
// function gets the diagnostic's English sentence and its message. A message without a code is from
// an older version: it is recognised by the sentence if possible, else the result is in English.
func (w messages) diagnostics(locale string) func(string, message.Message) problemText {
	t := w.templates(locale, "subtitle")
	return func(sentence string, detail message.Message) problemText {
		english := locales[0].String()
		switch {
		case locale == english:
			return problemText{Text: sentence}
		case detail.Code == "":
			recognized, ok := recognize(subtitle.English, sentence)
			if !ok {
				return problemText{sentence, english}
			}
			detail = recognized
		}
		return problemText{Text: subtitle.Sentence(t, w.localize(locale, detail))}
	}
}

// syncSentences returns a function that describes in a locale how well subtitles fit the sound.
func (w messages) syncSentences(locale string) func(*subsync.Result) string {
	t := w.templates(locale, "sync")
	return func(r *subsync.Result) string {
		var all []string
		for _, m := range r.Messages() {
			all = append(all, t.Format(w.localize(locale, m)))
		}
		return strings.Join(all, " ")
	}
}

// issue returns the problem with a recording and its hint in a locale. Issues are stored in
// English, so that it first recognises the templates that they were made from. Unknown issues stay
// in English.
func (w messages) issue(locale string, issue conference.Issue) string {
	text := issue.Message
	if issue.Hint != "" {
		text += ". " + issue.Hint
	}
	if locale == locales[0].String() {
		return text
	}
	ofKind := maps.Clone(conference.IssueEnglish)
	maps.DeleteFunc(ofKind, func(code, _ string) bool {
		kind, _, _ := strings.Cut(code, ".")
		return kind != string(issue.Kind) || strings.HasSuffix(code, ".hint")
	})
	m, ok := recognize(ofKind, issue.Message)
	if !ok {
		return text
	}
	hint := m.Code + ".hint"
	if h, ok := matchTemplate(hint, conference.IssueEnglish[hint], issue.Hint); ok {
		maps.Copy(h.Values, m.Values)
		m.Values = h.Values
	}
	for name, value := range m.Values {
		m.Values[name] = w.value(locale, w.issueParts(locale, value))
	}
	said := w.templates(locale, "issue")
	return said.Format(m) + " " + said.Format(message.Message{Code: hint, Values: m.Values})
}

// issueParts translates those elements of a list, separated by ", ", that are known parts of
// issues. Others stay as they are.
func (w messages) issueParts(locale, list string) string {
	ofParts := maps.Clone(conference.IssueEnglish)
	maps.DeleteFunc(ofParts, func(code, _ string) bool { return !strings.HasPrefix(code, "part.") })
	parts := strings.Split(list, ", ")
	for i, part := range parts {
		if m, ok := recognize(ofParts, part); ok {
			parts[i] = w.templates(locale, "issue").Format(w.localize(locale, m))
		}
	}
	return strings.Join(parts, ", ")
}

// reason returns a stored English reason in a locale. What was not made from storedReasons, such as
// a comment that a person wrote, stays as it is.
func (w messages) reason(locale, english string) string {
	if locale == locales[0].String() {
		return english
	}
	m, ok := recognize(storedReasons, english)
	if !ok {
		return english
	}
	if inner, ok := m.Values["reason"]; ok {
		m.Values["reason"] = w.reason(locale, inner)
	}
	return w.templates(locale, "reason").Format(m)
}

// recognize returns the message that a text was made from with one of the templates. It reports
// false if none matches. If several match, it takes the one with the most literal text, since a
// shorter one may match with a longer value.
func recognize(templates message.Templates, text string) (message.Message, bool) {
	longest := slices.SortedFunc(maps.Keys(templates), func(a, b string) int {
		return literalLength(templates[b]) - literalLength(templates[a])
	})
	for _, code := range longest {
		if m, ok := matchTemplate(code, templates[code], text); ok {
			return m, true
		}
	}
	return message.Message{}, false
}

// literalLength returns about how many bytes a template has without its placeholders. It is for
// comparison only.
func literalLength(template string) int {
	return len(placeholder.ReplaceAllString(regexp.QuoteMeta(template), ""))
}

// placeholder matches the name of a value in a template.
var placeholder = regexp.MustCompile(`\\\{([a-z]+)\\\}`)

// matchTemplate returns the message, with this code and the values found in text, from which the
// template makes text. It reports false if text does not fit the template.
func matchTemplate(code, template, text string) (message.Message, bool) {
	pattern := placeholder.ReplaceAllString(regexp.QuoteMeta(template), "(?P<$1>.+)")
	re := regexp.MustCompile("^" + pattern + "$")
	values := re.FindStringSubmatch(text)
	if values == nil {
		return message.Message{}, false
	}
	m := message.Message{Code: code, Values: make(map[string]string)}
	for i, name := range re.SubexpNames() {
		if i > 0 {
			m.Values[name] = values[i]
		}
	}
	return m, true
}
