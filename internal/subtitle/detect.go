package subtitle

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// formatReader reads one format, whose text is in the parser.
type formatReader struct {
	format    Format
	read      func(*parser) error
	lossCheck func(text string, doc *Document, r *reporter)
}

var (
	srtReader        = formatReader{SRT, readSRT, checkSRT}
	vttReader        = formatReader{WebVTT, readVTT, checkVTT}
	subViewerReader  = formatReader{SubViewer, readSubViewer, checkSubViewer}
	subViewer1Reader = formatReader{SubViewer, readSubViewer1, checkSubViewer1}
	sbvReader        = formatReader{SBV, readSubViewer, checkSBV}
	timecodedReader  = formatReader{Timecoded, readTimecoded, checkTimecoded}
	microDVDReader   = formatReader{MicroDVD, readMicroDVD, checkMicroDVD}
	spruceReader     = formatReader{STL, readSpruce, checkSpruce}
	ssaReader        = formatReader{SSA, readSSA, checkSSA}
	ttmlReader       = formatReader{TTML, readTTML, checkTTML}
)

// detectReader returns the reader of a text, by how the text begins or else by its first line that
// looks like times. ok is false if no format is recognised.
func detectReader(text string) (formatReader, bool) {
	start := strings.TrimLeft(text, " \t\n")
	switch {
	case webVTTSignature.MatchString(start):
		return vttReader, true
	case strings.HasPrefix(start, "<") && isTTML(start):
		return ttmlReader, true
	case strings.HasPrefix(start, "<") && isMarkupDocument(start), strings.HasPrefix(start, `{\rtf`):
		return formatReader{}, false
	case hasPrefixFold(start, "[script info]"):
		return ssaReader, true
	}
	for l := range strings.Lines(text) {
		l = strings.Trim(l, " \t\n")
		r, ok := detectReaderByLine(l)
		if !ok {
			continue
		}
		if r.format == SubViewer && l[0] != '[' && looksLikeSBV(text) {
			r = sbvReader
		}
		return r, true
	}
	return formatReader{}, false
}

var webVTTSignature = regexp.MustCompile(`^(?i:webvtt)([ \t\n:-]|$)`)

// looksLikeSBV reports whether a text with the times of SubViewer is in YouTube's SBV, which has
// neither its line breaks nor its header.
func looksLikeSBV(text string) bool {
	return !strings.Contains(text, "[br]") && !strings.Contains(text, "[INFORMATION]") && isSBV(text)
}

// detectReaderByLine returns the reader of the format that has times like those of the line. ok is
// false if the line has no times.
func detectReaderByLine(l string) (formatReader, bool) {
	if l == "" {
		return formatReader{}, false
	}
	if _, ok := parseArrowTimes(l); ok {
		return srtReader, true
	}
	if _, ok := parseCommaTimes(l); ok {
		return subViewerReader, true
	}
	if _, ok := parseBracketTime(l); ok {
		return subViewer1Reader, true
	}
	if _, _, _, ok := parseTapeLine(l); ok {
		return timecodedReader, true
	}
	if _, _, _, ok := parseBracedFrames(l); ok {
		return microDVDReader, true
	}
	if _, _, _, ok := parseSpruceLine(l); ok {
		return spruceReader, true
	}
	if strings.HasPrefix(l, "Dialogue:") && strings.Count(l, ",") >= 3 {
		return ssaReader, true
	}
	return formatReader{}, false
}

// isTTML reports whether the first element of a text, within 16 KiB, is tt with any prefix.
func isTTML(start string) bool {
	for rest := start[:min(len(start), 16<<10)]; ; {
		at := strings.IndexByte(rest, '<')
		if at < 0 {
			return false
		}
		rest = rest[at+1:]
		if rest == "" || rest[0] == '?' || rest[0] == '!' {
			continue
		}
		name := rest[:strings.IndexAny(rest+" ", " \t\n/>")]
		_, local, prefixed := strings.Cut(name, ":")
		return name == "tt" || prefixed && local == "tt"
	}
}

// isMarkupDocument reports whether a text begins like HTML, or like XML other than TTML.
func isMarkupDocument(start string) bool {
	head := strings.ToLower(start[:min(len(start), 4096)])
	for _, sign := range [...]string{"<!doctype", "<html", "<head", "<body", "<?xml", "<sami", "<transcript", "<timedtext", "<div", "<script", "<!--", "<svg", "<rss"} {
		if strings.HasPrefix(head, sign) {
			return true
		}
	}
	return false
}

// unknownFormatError returns the error for a text whose format is not recognised. It names the
// format if that is a known one that Lectern does not read.
func unknownFormatError(name, text string) error {
	above := len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	line := 1 + strings.Count(text[:above], "\n")
	head := strings.ToLower(strings.TrimLeft(text, " \t\n"))
	head = head[:min(len(head), 4096)]
	for _, f := range unreadFormats {
		if f.begins.MatchString(head) {
			err := *f.err
			return err.In(name).At(line)
		}
	}
	return inputerr.Coded("subtitles.not_subtitles", "is not a subtitle file: it has no line like “00:00:01,000 --> 00:00:02,500”").In(name).At(line).
		Hint("Every caption needs a start and an end time. Use SRT, WebVTT, TTML, SSA, ASS, SBV, SubViewer or STL")
}

// unreadFormats are formats that are known and not read, by how a file in lower case begins.
var unreadFormats = []struct {
	begins *regexp.Regexp
	err    *inputerr.Error // without file and line
}{
	{regexp.MustCompile(`^<sami`), inputerr.Coded("subtitles.sami", "is a SAMI file, which is not read here").Hint("Save it as SRT or WebVTT")},
	{regexp.MustCompile(`(?s)^<(.*<)?(timedtext|transcript)`), inputerr.Coded("subtitles.youtube_xml", "is in YouTube's own XML (srv1 to srv3), which is not read here").Hint("Download it as SRT, WebVTT or TTML")},
	{regexp.MustCompile(`(?s)^<(.*<)?(html|!doctype html|body|head|div)`), inputerr.Coded("subtitles.web_page", "is a web page, not a subtitle file").Hint("Download the subtitle file that the page offers")},
	{regexp.MustCompile(`^<(\?xml|svg|rss)`), inputerr.Coded("subtitles.other_xml", "is XML, but not Timed Text: its outermost element is not tt").Hint("Export it as TTML, or as SRT")},
	{regexp.MustCompile(`^\{\\rtf`), inputerr.Coded("subtitles.rtf", "is a document of a word processor (RTF)").Hint("Save it as plain text (UTF-8)")},
	{regexp.MustCompile(`^\[\d+\]\[\d*\]`), inputerr.Coded("subtitles.mpl2", "is an MPL2 file, whose times are tenths of a second, which is not read here").Hint("Save it as SRT or WebVTT")},
	{regexp.MustCompile(`^(\[[a-z]+:[^\]\n]*\]\s*)*\[\d+:\d\d([.:]\d+)?\]`), inputerr.Coded("subtitles.lrc", "is a file of lyrics (LRC), whose lines have no end, which is not read here").Hint("Save it as SRT or WebVTT")},
	{regexp.MustCompile(`^start\tend\t`), inputerr.Coded("subtitles.tsv", "is a table of a speech recogniser (TSV), which is not read here").Hint("Export it as SRT or WebVTT")},
	{regexp.MustCompile(`^scenarist_scc`), inputerr.Coded("subtitles.scc", "is a Scenarist file (SCC) of closed captions, which is not read here").Hint("Export it as SRT or WebVTT")},
	{regexp.MustCompile(`(?s)^(\{.*"|\[\{)`), inputerr.Coded("subtitles.json", "is JSON, not a subtitle file").Hint("Export it as SRT or WebVTT")},
}
