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
	"odd-newlines":                      {Note, "lines end in CR CR LF, which was read as one line end"},
	"mixed-newlines":                    {Note, "the line ends in {ending} where others end in {usual}; each was read as one line end"},
	"control-character.page":            {Warning, "a page or tab mark, which no viewer sees, gave way to a space"},
	"control-character.control":         {Warning, "a control character, which no viewer sees, gave way to nothing"},
	"control-character.line-mark":       {Warning, "a line mark of Unicode, which no viewer sees, gave way to a space"},
	"control-character.byte-order-mark": {Warning, "a byte-order mark in the middle, which no viewer sees, gave way to nothing"},
	"control-character":                 {Warning, "control characters, which no viewer sees, gave way to nothing"},
	"encoding-guessed":                  {Note, "the file does not say how it is encoded; {encoding} was the best guess"},

	// What stands outside of cues.
	"header-line":           {Note, "the header “{text}” is not kept"},
	"header-line.footer":    {Note, "the line “{text}” is not kept"},
	"header-line.blank":     {Note, "an empty line stands above WEBVTT"},
	"header-case":           {Warning, "WEBVTT has to be in capitals; it was read all the same"},
	"title":                 {Note, "the title “{text}” is not shown to viewers, and is not kept"},
	"timestamp-map":         {Warning, "“{text}” is for streams; the times were read as they stand"},
	"text-before-first-cue": {Warning, "“{text}” stands before the first times; it is not shown"},
	"text-outside-cue":      {Error, "“{text}” stands in no paragraph; it is not shown"},
	"comment":               {Note, "the comment “{text}” is not shown to viewers, and is not kept"},
	"comment.style":         {Note, "the style sheet is not shown to viewers, and is not kept"},
	"comment.region":        {Note, "the region is not shown to viewers, and is not kept"},
	"comment.event":         {Note, "“{text}” is no text, and is not kept"},
	"comment.user-data":     {Note, "the block holds data of its maker's own, and is not kept"},
	"attachment":            {Note, "what is attached to the file is not kept"},
	"line-unknown":          {Error, "“{text}” is no line of this format; it was left out"},
	"truncated":             {Error, "the file ends in the middle of a block; {bytes} bytes of it were left out"},

	// Numbers and names of cues.
	"missing-number":      {Note, "the caption has no number; captions are numbered anew"},
	"missing-number.all":  {Note, "no caption has a number; they were numbered by their order"},
	"stray-number":        {Note, "the number {number} has no caption with it; it was left out"},
	"doubled-number":      {Note, "a caption has two numbers, {number} and {second}; they are not shown"},
	"repeated-number":     {Note, "the number {number} stands above two captions; captions are numbered anew"},
	"number-order":        {Note, "the number {number} follows on {before}; captions are numbered anew"},
	"number-beside-times": {Note, "the number “{number}” stands on the line of the times; it is not shown"},
	"text-number":         {Warning, "“{text}” stands where the number of a caption should be; it is not shown"},
	"text-number.name":    {Warning, "“{text}” stands where the name of a caption does; it is not shown"},

	// Empty lines that are missing or too many.
	"missing-blank-line.cue":     {Note, "there is no empty line above the caption; it was read as one of its own"},
	"missing-blank-line.number":  {Note, "there is no empty line above the number {number}; a caption of its own was begun there"},
	"missing-blank-line.times":   {Note, "there is no empty line above these times; what stands above them was taken to belong to the caption before"},
	"missing-blank-line.header":  {Warning, "there is no empty line between WEBVTT and the first caption"},
	"blank-line-under-number":    {Note, "an empty line stands between the number and the times; it was left out"},
	"blank-line-under-times":     {Note, "an empty line stands between the times and the text; it was left out"},
	"blank-line-in-cue":          {Warning, "an empty line stands inside a caption; “{text}” was taken to belong to the caption above"},
	"blank-line-in-cue.no-times": {Warning, "“{text}” has no times; it was taken to belong to the caption above"},

	// How times are written.
	"times-in-text":          {Warning, "“{text}” looks like times, but stands in a caption; it was read as text"},
	"times-unreadable":       {Error, "“{text}” cannot be read as times; it and what follows were taken to belong to the caption above"},
	"time-unreadable":        {Warning, "“{text}” is no time; it was left out"},
	"time-unreadable.cue":    {Error, "“{time}” is no time, so that the caption cannot be shown: “{text}”"},
	"text-before-times":      {Warning, "“{text}” stands before the times; it was left out"},
	"text-beside-times":      {Warning, "“{text}” stands behind the times; it was taken for the first line of the caption"},
	"bracketed-times":        {Note, "the times stand in brackets, and the text behind them"},
	"odd-arrow":              {Warning, "“{text}” between two times was read as -->"},
	"arrow-spaces":           {Note, "--> does not have one space on either side"},
	"time-point":             {Note, "a full stop stands before the milliseconds instead of a comma"},
	"time-comma":             {Note, "a comma stands before the milliseconds instead of a full stop"},
	"time-colon":             {Warning, "a colon stands before the milliseconds, as in “{text}”; it was read as a decimal point"},
	"time-no-milliseconds":   {Note, "a time has no milliseconds; it was taken to be on the second"},
	"time-digits":            {Warning, "a time has not three digits after its seconds, as in “{text}”; they were read as a decimal fraction"},
	"time-no-hours":          {Note, "a time has no hours; it was read as minutes and seconds"},
	"time-range":             {Warning, "minutes or seconds are above 59 in “{text}”; they were carried over"},
	"time-range.timecode":    {Warning, "a time is not one of the day, {time}; it was carried over"},
	"time-letters":           {Warning, "letters stand for digits in “{text}”; they were read as the digits they look like"},
	"time-script":            {Note, "digits or signs of another script, or invisible marks, stand in the times “{text}”; they were read as what they look like"},
	"time-spaces":            {Note, "there are spaces inside a time of “{text}”"},
	"frame-rate-guessed":     {Warning, "times are in frames of an unknown rate; {rate} frames a second were assumed"},
	"frame-rate-guessed.ebu": {Warning, "the number of frames a second, “{text}”, is not 25 or 30; 25 were assumed"},
	"programme-start":        {Note, "times count from the programme's beginning, which the file says is at {time}"},

	// What the times of cues are.
	"negative-time":      {Warning, "the caption starts before zero; it was taken to start there"},
	"missing-times":      {Warning, "the paragraph has no times; it was taken to be shown from the beginning"},
	"missing-end":        {Warning, "the caption has no end; it was given one"},
	"missing-end.format": {Note, "the format has no ends; a caption ends when the next begins, or when it can have been read"},
	"no-duration":        {Warning, "the caption lasts no time; it was given an end"},
	"end-before-start":   {Warning, "the caption ends before it starts; it was given another end"},
	"unsorted":           {Note, "the caption starts before the one above it (line {above}); it was put in its place"},
	"overlap":            {Note, "the caption starts {ms} ms before the one above it ends"},
	"empty-cue":          {Warning, "the caption has no text; it was left out"},
	"empty-cue.note":     {Note, "the caption has no text; it was left out"},
	"empty-cue.ebu":      {Note, "the subtitle has no text; it was left out"},
	"clears":             {Note, "the caption has no text; it ends the one before"},

	// Markup, looks and places.
	"unknown-tag":          {Note, "“{text}” is no markup of this format; it is shown as text"},
	"unknown-tag.type":     {Note, "“{text}” has no closing tag and stands like a type in a program; it is shown as text"},
	"stray-tag":            {Warning, "“{text}” ends what never began; it was taken out"},
	"stray-tag.element":    {Warning, "</{tag}> ends what never began; it was left out"},
	"unclosed-tag":         {Warning, "“{text}” is never closed; it was taken to hold until the end of the caption"},
	"unclosed-tag.file":    {Warning, "<{tag}> is never closed; it was taken to hold until the end of the file"},
	"unclosed-tag.element": {Warning, "<{tag}> is never closed; it was taken to end with <{parent}>"},
	"br-tag":               {Note, "<br> was read as the end of a line"},
	"word-times":           {Note, "“{text}”, the time of a word, is not kept; the words are"},
	"voice":                {Note, "that “{name}” speaks is told to programs alone, and is not kept; write the name into the caption if viewers are to see it"},
	"entity":               {Warning, "“{text}” is shown as it stands, since this format has no entities; write the character itself if that is meant"},
	"look-dropped":         {Note, "“{text}” is not kept; the text is"},
	"look-dropped.font":    {Note, "the font's “{text}” is not kept"},
	"look-dropped.class":   {Note, "the class “{text}” is not kept"},
	"override-dropped":     {Note, "“{text}” is not kept; the text is"},
	"drawing":              {Note, "a drawing is no text; it is not kept"},
	"place-rounded":        {Note, "“{text}” became the nearest of nine places"},
	"coordinates":          {Note, "the place “{text}” is in pixels of an unknown screen; it is not kept"},
	"setting-dropped":      {Note, "the setting “{text}” is not kept"},
	"unreadable-bytes.ebu": {Warning, "the byte {byte} has no meaning in the file's character table; it became U+FFFD"},

	// What the loss check finds.
	"cues-lost":             {Error, "the caption of this line, “{text}”, was not read"},
	"cues-lost.merged":      {Error, "the paragraph of this line was read as part of another"},
	"cues-lost.block":       {Error, "the subtitle of {expected} characters in this block was not read"},
	"cues-added":            {Error, "a caption was read from this line, which has no times"},
	"cues-added.elsewhere":  {Error, "the caption “{text}” was read, which is not where it says"},
	"text-lost":             {Error, "“{text}” is missing from what was read"},
	"text-lost.after-times": {Error, "“{text}” was not read"},
	"text-lost.count":       {Error, "the subtitle has {expected} visible characters, of which {found} were read"},
	"text-added":            {Error, "“{text}” was read into this caption from nowhere"},

	// What a format that is written cannot hold.
	"no-text":                 {Warning, "cue {cue}: it shows nothing and was left out"},
	"control-characters":      {Warning, "cue {cue}: characters that no text file should hold were left out"},
	"empty-line":              {Warning, "cue {cue}: an empty line, which would end the caption, was left out"},
	"text-like-markup":        {Warning, "cue {cue}: text that players would take for markup was written with a word joiner (U+2060) inside, which is not seen"},
	"text-like-markup.hidden": {Warning, "cue {cue}: some players hide “{text}”, which SRT has no way to write otherwise"},
	"style-block":             {Note, "colours beyond WebVTT's eight need a STYLE block, at which ffmpeg 5.1 and players built on it stop reading"},
	"edition-lost":            {Note, "only WebVTT can say which edition its times belong to: {edition}"},
	"times-rounded":           {Note, "to hundredths of a second, which is all that {format} has, the times were rounded of cue {cues}"},
	"times-rounded.many":      {Note, "to hundredths of a second, which is all that {format} has, the times were rounded of {n} cues: {cues}"},
	"looks-lost":              {Note, "a transcript shows neither how nor where; lost is that of cue {cues}"},
	"looks-lost.many":         {Note, "a transcript shows neither how nor where; lost is that of {n} cues: {cues}"},

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

// Sentence puts the message of a diagnostic into the words of t, a translation of [English].
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

// withMore returns d with the number of further diagnostics of its code, and the line of
// the last.
func withMore(d Diagnostic, more, last int) Diagnostic {
	pairs := append(d.Detail().Pairs(), "more", strconv.Itoa(more), "last", strconv.Itoa(last))
	return newDiagnostic(d.Line, message.New(d.Key, pairs...))
}

// codeOf returns the code of a message's key: "text-lost" for "text-lost.count".
func codeOf(key string) string {
	code, _, _ := strings.Cut(key, ".")
	return code
}

// severityOf returns how serious the message of a key is. What package charset reports is
// a warning.
func severityOf(key string) string { return cmp.Or(sentences[key].severity, Warning) }
