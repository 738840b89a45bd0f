package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/timeline"
)

// InspectRecording returns the issues of a single recording, from its probe and analysis. Times are
// in the recording's own time.
func InspectRecording(name string, p media.Probe, a media.Analysis) []conference.Issue {
	rate := timeline.Rate{Num: 25, Den: 1}
	s := Source{Probe: p, Name: name, Frames: rate.Frame(p.Readable)}
	if p.Video != nil {
		rate = p.Video.Rate
		s.Frames = p.FrameCount(rate)
	}
	reel := Reel{Sources: []Source{s}, Programme: timeline.Programme{Rate: rate, Kept: []timeline.Range{{To: s.Frames}}}}
	return findIssues(reel, analysedSound{analyses: []media.Analysis{a}}, conference.Facts{})
}

// findIssues returns the issues in the kept parts of the reel. floor holds the analyses of the
// speaker's sound. If no person chose the kept parts, silence at the ends is an issue, too. Values in words are those of conference.IssueEnglish.
func findIssues(reel Reel, floor analysedSound, facts conference.Facts) []conference.Issue {
	t := issueFinder{reel: reel, levelled: facts.Processing.Level, all: []conference.Issue{}}
	for i, s := range reel.Sources {
		t.setSource(s, floor.analyses[i])
		if t.keptStretches(timeline.Span{To: math.MaxInt64}) == nil { // nothing of it is in the programme
			continue
		}
		t.checkStreams()
		t.checkSound()
		t.checkPicture()
	}
	t.checkReelLevels(floor)
	t.checkLength(facts.Talk)
	t.checkSilentEnds(floor, len(facts.Cut) > 0)
	return t.all
}

// issueFinder collects issues, one recording after the other.
type issueFinder struct {
	reel     Reel
	levelled bool // quiet speakers are raised
	all      []conference.Issue
	source   Source
	analysis media.Analysis
}

// setSource makes s the recording that the following checks are about.
func (t *issueFinder) setSource(s Source, a media.Analysis) { t.source, t.analysis = s, a }

// add adds an issue of the current recording. Its arguments are those of conference.NewIssue.
func (t *issueFinder) add(kind conference.IssueKind, variant string, spans []conference.ReelSpan, pairs ...string) {
	issue := conference.NewIssue(kind, variant, spans, pairs...)
	issue.Recording = t.source.Name
	t.all = append(t.all, issue)
}

// issuePart returns the text of conference.IssueEnglish for "part." and code, with the values of
// pairs filled in. Longer values are composed of such parts.
func issuePart(code string, pairs ...string) string {
	return conference.IssueEnglish.Format(message.New("part."+code, pairs...))
}

// moreText returns "and … more times" in words, for n places that a list leaves out.
func moreText(n int) string {
	if n == 1 {
		return issuePart("one")
	}
	return issuePart("many", "n", strconv.Itoa(n))
}

// keptStretches returns the parts of spans that are kept, in reel time. The spans are in the time
// of the current recording's analysis.
func (t *issueFinder) keptStretches(spans ...timeline.Span) (kept []conference.ReelSpan) {
	rate := t.reel.Programme.Rate
	begin, end := rate.Time(t.source.Offset), rate.Time(t.source.Offset+t.source.Frames)
	for _, s := range spans {
		s = t.toReel(s)
		for _, k := range t.reel.Programme.Kept {
			from, to := max(s.From, begin, rate.Time(k.From)), min(s.To, end, rate.Time(k.To))
			if from < to {
				kept = append(kept, conference.ReelSpan{From: from, To: to})
			}
		}
	}
	return kept
}

// toReel converts a span from the analysis' clock to reel time.
func (t *issueFinder) toReel(s timeline.Span) timeline.Span {
	rate := t.reel.Programme.Rate
	shift := rate.Time(t.source.Offset)
	if t.source.Probe.Video != nil {
		shift += t.analysis.Origin - t.source.Probe.Zero(rate)
	}
	s.From += shift
	if s.To < math.MaxInt64-max(0, shift) {
		s.To += shift
	}
	return s
}

// dropShorter removes the stretches that are shorter than least, in place.
func dropShorter(all []conference.ReelSpan, least time.Duration) []conference.ReelSpan {
	return slices.DeleteFunc(all, func(s conference.ReelSpan) bool { return s.To-s.From < least })
}

// checkStreams reports issues that the probe shows: a variable frame rate, clock jumps, gaps,
// missing sound, and sound and video of different length.
func (t *issueFinder) checkStreams() {
	p := t.source.Probe
	if p.Video != nil && p.Video.Variable && !p.Video.LowFrameRate && len(p.Video.Gaps) == 0 {
		t.add(conference.IssueVariableFrameRate, "", nil, "rate", p.Video.Rate.String())
	}
	t.checkJumps()
	if p.Video != nil {
		t.checkGaps("picture", p.Video.Gaps)
	}
	if len(p.Audio) == 0 {
		t.add(conference.IssueNoAudio, "", nil)
		return
	}
	a := p.Audio[t.streamIndex(t.analysis.Stream)-1]
	t.checkGaps("sound", a.Gaps)
	t.checkChanges(a)
	if p.Video == nil {
		return
	}
	const apart = 2 * time.Second // cameras and mixers differ by less at either end
	v := p.Video
	first, last := a.Start-v.Lead, a.End-v.End
	if first.Abs() >= apart || last.Abs() >= apart {
		t.add(conference.IssueDesync, "", nil, "begins", offsetText(first), "ends", offsetText(last))
	}
}

// offsetText returns in words how much later the sound is than the picture, or how much earlier if
// d is negative.
func offsetText(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	switch {
	case d > 0:
		return issuePart("after", "by", fmt.Sprintf("%.1f", d.Seconds()))
	case d < 0:
		return issuePart("before", "by", fmt.Sprintf("%.1f", -d.Seconds()))
	}
	return issuePart("with")
}

func (t *issueFinder) checkGaps(of string, gaps []timeline.Span) {
	if kept := t.keptStretches(gaps...); len(kept) > 0 {
		t.add(conference.IssueGap, of, kept, "where", stretchesText(kept))
	}
}

// checkJumps reports the clock jumps of the recording that are within its kept parts. At most three
// are described in words.
func (t *issueFinder) checkJumps() {
	const enough = 3
	var spans []conference.ReelSpan
	var said []string
	for _, j := range t.source.Probe.Jumps {
		kept := t.keptStretches(timeline.Span{From: j.At, To: j.At + time.Second})
		if len(kept) == 0 {
			continue
		}
		spans = append(spans, kept...)
		said = append(said, jumpText(j.By, kept[0].From))
	}
	if more := len(said) - enough; more > 0 {
		said = append(said[:enough], moreText(more))
	}
	if len(said) > 0 {
		t.add(conference.IssueClockJump, "", spans, "jumps", strings.Join(said, ", "))
	}
}

// jumpText returns in words how far a clock jumps, and when. A negative d is a jump back.
func jumpText(d, at time.Duration) string {
	far, way := formatClock(d.Abs()), "forward"
	if d.Abs() < 10*time.Second {
		far = fmt.Sprintf("%.1f s", d.Abs().Seconds())
	}
	if d < 0 {
		way = "back"
	}
	return issuePart(way, "by", far, "at", formatClock(at))
}

// checkSound reports issues that the analysis of the sound found: silence, dead channels, clipping,
// audible hum, a lack of speech, and long pauses.
func (t *issueFinder) checkSound() {
	a := t.analysis
	if a.Stream < 0 {
		return
	}
	t.checkSurvey()
	if a.Silent {
		t.add(conference.IssueSilent, "", nil)
		return
	}
	t.checkChannels()
	t.checkPartsOfSound()
	if kept := t.keptStretches(a.Activity.Clipped...); len(kept) > 0 {
		variant, n := "many", a.Left.Clipped+a.Right.Clipped
		if n == 1 {
			variant = "one"
		}
		t.add(conference.IssueClipped, variant, kept, "n", strconv.Itoa(n), "where", stretchesText(kept))
	}
	const heard = 40 // dB under the talk; softer hum is inaudible
	if h := a.Activity.Hum; h != nil && h.Level > a.LUFS-heard {
		t.add(conference.IssueHum, "", nil, "hz", strconv.Itoa(h.Hz), "level", fmt.Sprintf("%.0f", max(0, a.LUFS-h.Level)), "cutoff", strconv.Itoa(h.Hz*6/5))
	}
	if a.Duration >= time.Minute && a.Activity.Speech < a.Duration/20 {
		t.add(conference.IssueNoSpeech, "", nil)
		return
	}
	t.checkPauses()
}

// minPause is the shortest pause that is reported.
const minPause = time.Minute

// checkPauses reports pauses of minPause or more between sounds.
func (t *issueFinder) checkPauses() {
	var rests []timeline.Span
	sounding := t.analysis.Activity.Sounding
	for i := 1; i < len(sounding); i++ {
		rests = append(rests, timeline.Span{From: sounding[i-1].To, To: sounding[i].From})
	}
	if kept := dropShorter(t.keptStretches(rests...), minPause); len(kept) > 0 {
		t.add(conference.IssueSilent, "pause", kept, "where", stretchesText(kept))
	}
}

// checkPicture reports where the scan of keyframes found the picture black or frozen, and a picture
// that never changes. Times are called approximate if keyframes are more than 2 s apart.
func (t *issueFinder) checkPicture() {
	g := t.analysis.Keyframes
	if g == nil {
		return
	}
	black, frozen := "", "part"
	if g.MaxInterval > 2*time.Second {
		black, frozen = "about", "about"
	}
	about := fmt.Sprintf("%.0f", math.Ceil(g.MaxInterval.Seconds()))
	if kept := t.keptStretches(g.Black...); len(kept) > 0 {
		t.add(conference.IssueBlack, black, kept, "where", stretchesText(kept), "about", about)
	}
	if kept := t.keptStretches(g.Frozen...); len(kept) > 0 {
		t.add(conference.IssueFrozen, frozen, kept, "where", stretchesText(kept), "about", about)
	}
	if g.Static && len(t.keptStretches(g.Black...)) == 0 {
		t.add(conference.IssueFrozen, "", nil)
	}
}

// checkLength reports a programme that is less than half or more than one and a half times as long
// as the talk's slot in the schedule, if that is known.
func (t *issueFinder) checkLength(talk conference.Talk) {
	if talk.Length == 0 {
		return
	}
	var frames int64
	for _, k := range t.reel.Programme.Kept {
		frames += k.Len()
	}
	kept := t.reel.Programme.Rate.Time(frames)
	var kind conference.IssueKind
	switch {
	case kept < talk.Length/2:
		kind = conference.IssueTooShort
	case kept > talk.Length*3/2:
		kind = conference.IssueTooLong
	default:
		return
	}
	t.all = append(t.all, conference.NewIssue(kind, "", nil, "kept", formatClock(kept), "slot", formatClock(talk.Length)))
}

// checkSilentEnds reports silence of 15 s or more before or after the talk, and proposes a cut that
// leaves a second on either side. It does nothing if cut is true, since a person then chose the
// kept parts.
func (t *issueFinder) checkSilentEnds(floor analysedSound, cut bool) {
	const (
		least  = 15 * time.Second // shortest silence that is worth a cut
		margin = time.Second      // kept before and after the talk
	)
	if cut {
		return
	}
	rate, kept := t.reel.Programme.Rate, t.reel.Programme.Kept
	whole := timeline.Span{From: rate.Time(kept[0].From), To: rate.Time(kept[len(kept)-1].To)}
	talk := timeline.Span{From: whole.To, To: whole.From}
	for i, s := range t.reel.Sources {
		t.setSource(s, floor.analyses[i])
		for _, k := range t.keptStretches(t.analysis.Activity.Sounding...) {
			talk.From, talk.To = min(talk.From, k.From), max(talk.To, k.To)
		}
	}
	if talk.Len() <= 0 {
		return // reported as silent
	}
	talk.From, talk.To = max(whole.From, talk.From-margin).Truncate(time.Second), min(whole.To, talk.To+margin)
	if up := talk.To.Truncate(time.Second) + time.Second; up < whole.To {
		talk.To = up
	}
	variant, start, end := "", formatClock(talk.From), formatClock(talk.To)
	var spans []conference.ReelSpan
	if talk.From-whole.From >= least {
		variant, spans = "start", append(spans, conference.ReelSpan{From: whole.From, To: talk.From})
	} else {
		talk.From = whole.From
	}
	if whole.To-talk.To >= least {
		variant, spans = map[string]string{"": "end", "start": "both"}[variant], append(spans, conference.ReelSpan{From: talk.To, To: whole.To})
	} else {
		talk.To = floorMillis(whole.To)
	}
	if len(spans) > 0 {
		t.all = append(t.all, conference.NewIssue(conference.IssueSilentEnds, variant, spans, "start", start, "end", end,
			"cut", timeline.FormatClock(talk.From)+"-"+timeline.FormatClock(talk.To)))
	}
}

// stretchesText returns the first three stretches in words, and how many more there are.
func stretchesText(all []conference.ReelSpan) string {
	const enough = 3
	var said []string
	for _, s := range all[:min(len(all), enough)] {
		if from, to := formatClock(s.From), formatClock(s.To); from == to {
			said = append(said, issuePart("at", "from", from))
		} else {
			said = append(said, issuePart("span", "from", from, "to", to))
		}
	}
	if more := len(all) - enough; more > 0 {
		said = append(said, moreText(more))
	}
	return strings.Join(said, ", ")
}

// formatClock returns a time as HH:MM:SS, rounded to the second.
func formatClock(d time.Duration) string { return timeline.FormatClock(d.Round(time.Second)) }
