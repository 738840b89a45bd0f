package subtitle

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/charset"
	"github.com/lectern-av/lectern/internal/message"
)

// sentence is what a diagnostic says in English, and how serious it is. Parts in {braces}
// are filled in from the diagnostic's values.
type sentence struct{ severity, text string }

// sentences holds the sentences of all diagnostics of this package by their key: the code
// and, where a code has several sentences, a suffix after a dot. Keys and the names in
// braces never change, because translations and stored diagnostics refer to them.
var sentences = map[string]sentence{
	// How lines end, and characters that are not text.
	"odd-newlines":                      {Note, "lines end in CR CR LF; each was read as one line break"},
	"mixed-newlines":                    {Note, "the line ends in {ending}, the others in {usual}; both were read as line breaks"},
	"control-character.page":            {Warning, "an invisible page break or tab was replaced by a space"},
	"control-character.control":         {Warning, "an invisible control character was removed"},
	"control-character.line-mark":       {Warning, "an invisible Unicode line separator was replaced by a space"},
	"control-character.byte-order-mark": {Warning, "an invisible byte-order mark in the middle of the file was removed"},
	"control-character":                 {Warning, "invisible control characters were removed"},
	"encoding-guessed":                  {Note, "the file does not declare its encoding; {encoding} is the best match"},

	// What stands outside of cues.
	"header-line":           {Note, "the header “{text}” is not kept"},
	"header-line.footer":    {Note, "the line “{text}” is not kept"},
	"header-line.blank":     {Note, "there is an empty line before WEBVTT"},
	"header-case":           {Warning, "WEBVTT must be in capitals; the file was read anyway"},
	"title":                 {Note, "the title “{text}” is not shown to viewers and is not kept"},
	"timestamp-map":         {Warning, "“{text}” only matters for streaming; the times were read unchanged"},
	"text-before-first-cue": {Warning, "“{text}” comes before the first times; it is not shown"},
	"text-outside-cue":      {Error, "“{text}” is outside any paragraph; it is not shown"},
	"comment":               {Note, "the comment “{text}” is not shown to viewers and is not kept"},
	"comment.style":         {Note, "the style sheet is not kept"},
	"comment.region":        {Note, "the region is not kept"},
	"comment.event":         {Note, "“{text}” is not a subtitle and is not kept"},
	"comment.user-data":     {Note, "the block holds private data of the program that wrote it, which is not kept"},
	"attachment":            {Note, "attached files are not kept"},
	"line-unknown":          {Error, "“{text}” is not a valid line of this format; it was left out"},
	"truncated":             {Error, "the file ends in the middle of a block; its last {bytes} bytes were left out"},

	// Numbers and names of cues.
	"missing-number":      {Note, "the caption has no number; captions were renumbered"},
	"missing-number.all":  {Note, "the captions have no numbers; they were numbered in order"},
	"stray-number":        {Note, "the number {number} belongs to no caption; it was left out"},
	"doubled-number":      {Note, "a caption has two numbers, {number} and {second}; neither is shown"},
	"repeated-number":     {Note, "two captions have the number {number}; captions were renumbered"},
	"number-order":        {Note, "the number {number} follows {before}; captions were renumbered"},
	"number-beside-times": {Note, "the number “{number}” is on the same line as the times; it is not shown"},
	"text-number":         {Warning, "“{text}” is in the place of a caption number; it is not shown"},
	"text-number.name":    {Warning, "“{text}” is in the place of a caption name; it is not shown"},

	// Empty lines that are missing or too many.
	"missing-blank-line.cue":     {Note, "there is no empty line before this caption; it was read as a new caption"},
	"missing-blank-line.number":  {Note, "there is no empty line before the number {number}; a new caption starts there"},
	"missing-blank-line.times":   {Note, "there is no empty line before these times; the text above them was added to the previous caption"},
	"missing-blank-line.header":  {Warning, "there is no empty line between WEBVTT and the first caption"},
	"blank-line-under-number":    {Note, "an empty line between the number and the times was ignored"},
	"blank-line-under-times":     {Note, "an empty line between the times and the text was ignored"},
	"blank-line-in-cue":          {Warning, "there is an empty line inside a caption; “{text}” was added to the caption above"},
	"blank-line-in-cue.no-times": {Warning, "“{text}” has no times; it was added to the caption above"},

	// How times are written.
	"times-in-text":          {Warning, "“{text}” looks like times but is inside a caption; it was read as text"},
	"times-unreadable":       {Error, "“{text}” can't be read as times; it and the text after it were added to the caption above"},
	"time-unreadable":        {Warning, "“{text}” is not a valid time; it was left out"},
	"time-unreadable.cue":    {Error, "“{time}” is not a valid time, so the caption “{text}” can't be shown"},
	"text-before-times":      {Warning, "“{text}” comes before the times on the same line; it was left out"},
	"text-beside-times":      {Warning, "“{text}” comes after the times on the same line; it was read as the first line of the caption"},
	"bracketed-times":        {Note, "the times are in brackets, with the text after them"},
	"odd-arrow":              {Warning, "“{text}” between two times was read as -->"},
	"arrow-spaces":           {Note, "--> should have one space on each side"},
	"time-point":             {Note, "the milliseconds follow a full stop instead of a comma"},
	"time-comma":             {Note, "the milliseconds follow a comma instead of a full stop"},
	"time-colon":             {Warning, "the milliseconds follow a colon, as in “{text}”; it was read as a decimal point"},
	"time-no-milliseconds":   {Note, "a time has no milliseconds; .000 was assumed"},
	"time-digits":            {Warning, "a time does not have three digits for milliseconds, as in “{text}”; they were read as a decimal fraction"},
	"time-no-hours":          {Note, "a time has no hours; it was read as minutes and seconds"},
	"time-range":             {Warning, "the minutes or seconds in “{text}” are above 59; they were carried over"},
	"time-range.timecode":    {Warning, "the timecode {time} is out of range; it was carried over"},
	"time-letters":           {Warning, "there are letters instead of digits in “{text}”; they were read as the digits they look like"},
	"time-script":            {Note, "the times “{text}” use digits or signs of another script, or invisible characters; they were read as ordinary ones"},
	"time-spaces":            {Note, "there are spaces inside a time in “{text}”"},
	"frame-rate-guessed":     {Warning, "the times count frames, but the frame rate is unknown; {rate} frames per second were assumed"},
	"frame-rate-guessed.ebu": {Warning, "the frame rate “{text}” is neither 25 nor 30; 25 was assumed"},
	"programme-start":        {Note, "times count from the start of the programme, which is at {time} in the file"},

	// What the times of cues are.
	"negative-time":      {Warning, "the caption starts before zero; its start was set to zero"},
	"missing-times":      {Warning, "the paragraph has no times; it is shown from the beginning"},
	"missing-end":        {Warning, "the caption has no end time; one was added"},
	"missing-end.format": {Note, "this format has no end times; a caption ends when the next one starts or after its reading time"},
	"no-duration":        {Warning, "the caption starts and ends at the same time; a new end time was set"},
	"end-before-start":   {Warning, "the caption ends before it starts; a new end time was set"},
	"unsorted":           {Note, "the caption starts before the one above it (line {above}); it was moved into order"},
	"overlap":            {Note, "the caption starts {ms} ms before the one above it ends"},
	"empty-cue":          {Warning, "the caption has no text; it was left out"},
	"empty-cue.note":     {Note, "the caption has no text; it was left out"},
	"empty-cue.ebu":      {Note, "the subtitle has no text; it was left out"},
	"clears":             {Note, "the caption has no text; it ends the previous one"},

	// Markup, looks and places.
	"unknown-tag":          {Note, "“{text}” is not markup in this format; it is shown as text"},
	"unknown-tag.type":     {Note, "“{text}” has no closing tag and looks like a type in source code; it is shown as text"},
	"stray-tag":            {Warning, "the closing tag “{text}” has no opening tag; it was removed"},
	"stray-tag.element":    {Warning, "the closing tag </{tag}> has no opening tag; it was removed"},
	"unclosed-tag":         {Warning, "“{text}” is never closed; it applies until the end of the caption"},
	"unclosed-tag.file":    {Warning, "<{tag}> is never closed; it applies until the end of the file"},
	"unclosed-tag.element": {Warning, "<{tag}> is never closed; it ends with <{parent}>"},
	"br-tag":               {Note, "<br> was read as a line break"},
	"word-times":           {Note, "the word time “{text}” is not kept; the words are"},
	"voice":                {Note, "the speaker's name “{name}” is metadata and is not kept; write it into the caption to show it to viewers"},
	"entity":               {Warning, "“{text}” is shown unchanged, because this format has no entities; to show the character, type it"},
	"look-dropped":         {Note, "the formatting “{text}” is not kept; the text is"},
	"look-dropped.font":    {Note, "the font attribute “{text}” is not kept"},
	"look-dropped.class":   {Note, "the class “{text}” is not kept"},
	"override-dropped":     {Note, "the override “{text}” is not kept; the text is"},
	"drawing":              {Note, "a drawing is not kept"},
	"place-rounded":        {Note, "the position “{text}” was rounded to the nearest of nine positions"},
	"coordinates":          {Note, "the position “{text}” is in pixels of an unknown screen size; it is not kept"},
	"setting-dropped":      {Note, "the setting “{text}” is not kept"},
	"setting-unknown":      {Warning, "“{text}” is not a setting of WebVTT; it was left out. Check its spelling"},
	"unreadable-bytes.ebu": {Warning, "the byte {byte} is undefined in the file's character table; it became U+FFFD"},

	// What the loss check finds.
	"cues-lost":             {Error, "the caption on this line, “{text}”, was not read"},
	"cues-lost.merged":      {Error, "the paragraph on this line was merged into another one"},
	"cues-lost.block":       {Error, "the subtitle in this block ({expected} characters) was not read"},
	"cues-added":            {Error, "a caption was read from this line, which has no times"},
	"cues-added.elsewhere":  {Error, "the caption “{text}” was read at a time that the file does not give"},
	"text-lost":             {Error, "“{text}” is missing from what was read"},
	"text-lost.after-times": {Error, "“{text}” was not read"},
	"text-lost.count":       {Error, "the subtitle has {expected} visible characters, but only {found} were read"},
	"text-added":            {Error, "“{text}” was read into this caption but is not in the file"},

	// What a format that is written cannot hold.
	"no-text":                 {Warning, "cue {cue}: it has no visible text and was left out"},
	"control-characters":      {Warning, "cue {cue}: invalid control characters were removed"},
	"empty-line":              {Warning, "cue {cue}: an empty line was removed, because it would end the caption"},
	"text-like-markup":        {Warning, "cue {cue}: text that players would read as markup was written with an invisible word joiner (U+2060)"},
	"text-like-markup.hidden": {Warning, "cue {cue}: some players will hide “{text}”, and SRT has no other way to write it"},
	"style-block":             {Note, "colours beyond WebVTT's eight need a STYLE block; ffmpeg 5.1 and players based on it stop reading there"},
	"edition-lost":            {Note, "only WebVTT can record the edition that its times belong to: {edition}"},
	"times-rounded":           {Note, "cue {cues}: the times were rounded to hundredths of a second, the precision of {format}"},
	"times-rounded.many":      {Note, "the times of {n} cues were rounded to hundredths of a second, the precision of {format}: {cues}"},
	"looks-lost":              {Note, "cue {cues}: a transcript has no formatting or positions; they were left out"},
	"looks-lost.many":         {Note, "a transcript has no formatting or positions; those of {n} cues were left out: {cues}"},

	// What is said of many diagnostics of one code.
	moreListed:   {Note, "{sentence} (and {more} more, up to line {last})"},
	moreUnlisted: {Note, "{more} more of this kind, up to line {last}, are not listed"},
}

// The keys of messages about several diagnostics.
const (
	moreListed   = "more"          // those of the same code that are not listed one by one, after the sentence of the first
	moreUnlisted = "more-unlisted" // those of the same code after [maxPerCode]
)

// English has the sentences of all diagnostics. A sentence begins in lower case and has no
// full stop, as it may follow a file name and a line.
var English = func() message.Templates {
	all := maps.Clone(charset.English)
	for key, s := range sentences {
		all[key] = s.text
	}
	return all
}()

// Sentence returns the message of a diagnostic in the words of t, a translation of [English]. If it
// stands for several diagnostics, it has their number and the line of the last.
func Sentence(t message.Templates, m message.Message) string {
	s := t.Format(m)
	if _, more := m.Values["more"]; !more || m.Code == moreUnlisted {
		return s
	}
	return t.Format(message.New(moreListed, "sentence", s, "more", m.Values["more"], "last", m.Values["last"]))
}

// newDiagnostic returns a diagnostic with its English sentence.
func newDiagnostic(line int, m message.Message) Diagnostic {
	return Diagnostic{
		Line: line, Severity: severityOf(m.Code), Code: codeOf(m.Code),
		Message: Sentence(English, m), Key: m.Code, Values: m.Values,
	}
}

// withMore returns d with the number of further diagnostics of its code, and the line of the last
// one, in its message.
func withMore(d Diagnostic, more, last int) Diagnostic {
	pairs := append(d.Detail().Pairs(), "more", strconv.Itoa(more), "last", strconv.Itoa(last))
	return newDiagnostic(d.Line, message.New(d.Key, pairs...))
}

// codeOf returns the code of a message's key: "text-lost" for "text-lost.count".
func codeOf(key string) string {
	code, _, _ := strings.Cut(key, ".")
	return code
}

// severityOf returns the severity of the message with a key: Error, Warning or Note. Messages of
// package charset are warnings.
func severityOf(key string) string { return cmp.Or(sentences[key].severity, Warning) }
