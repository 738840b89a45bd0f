package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/timeline"
)

// InspectRecording returns all issues of one recording by itself, from its probe and analysis.
// Times are those of the recording.
func InspectRecording(name string, p media.Probe, a media.Analysis) []conference.Issue {
	rate := timeline.Rate{Num: 25, Den: 1}
	s := Source{Probe: p, Name: name, Frames: rate.Frame(p.Readable)}
	if p.Video != nil {
		rate = p.Video.Rate
		s.Frames = p.FrameCount(rate)
	}
	reel := Reel{Sources: []Source{s}, Programme: timeline.Programme{Rate: rate, Kept: []timeline.Range{{To: s.Frames}}}}
	return findIssues(reel, analysedSound{analyses: []media.Analysis{a}}, conference.Talk{}, false)
}

// findIssues returns all issues in the kept parts of the reel. cut says that the kept parts
// were chosen by a person, so that no cut is proposed.
//
// The messages are part of the bundle's key and of its manifest: rewording one makes every
// bundle with that issue anew.
func findIssues(reel Reel, floor analysedSound, talk conference.Talk, cut bool) []conference.Issue {
	t := issueFinder{reel: reel, all: []conference.Issue{}}
	for i, s := range reel.Sources {
		t.setSource(s, floor.analyses[i])
		if t.keptStretches(timeline.Span{To: math.MaxInt64}) == nil { // nothing of it is in the programme
			continue
		}
		t.checkStreams()
		t.checkSound()
		t.checkPicture()
	}
	t.checkLength(talk)
	t.checkSilentEnds(floor, cut)
	return t.all
}

// issueFinder collects issues, one recording after the other.
type issueFinder struct {
	reel     Reel
	all      []conference.Issue
	source   Source
	analysis media.Analysis
}

// setSource makes s the recording that the following checks are about.
func (t *issueFinder) setSource(s Source, a media.Analysis) { t.source, t.analysis = s, a }

// add adds an issue of the current recording. try is the hint.
func (t *issueFinder) add(kind conference.IssueKind, spans []conference.ReelSpan, try, format string, args ...any) {
	t.all = append(t.all, conference.Issue{Kind: kind, Recording: t.source.Name, Spans: spans, Message: fmt.Sprintf(format, args...), Hint: try})
}

// keptStretches returns the kept parts of spans on the analysis' clock, in reel time.
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

// dropShorter removes the stretches shorter than least.
func dropShorter(all []conference.ReelSpan, least time.Duration) []conference.ReelSpan {
	return slices.DeleteFunc(all, func(s conference.ReelSpan) bool { return s.To-s.From < least })
}

// checkStreams reports what the container tells: irregular or missing frames, and streams of
// different length.
func (t *issueFinder) checkStreams() {
	p := t.source.Probe
	if p.Video != nil && p.Video.Variable && !p.Video.LowFrameRate && len(p.Video.Gaps) == 0 {
		t.add(conference.IssueVariableFrameRate, nil, "Nothing need be done; the programme has a constant rate",
			"pictures come at varying intervals; they are taken at %s a second", p.Video.Rate)
	}
	t.checkJumps()
	if p.Video != nil {
		t.checkGaps("picture", p.Video.Gaps)
	}
	if len(p.Audio) == 0 {
		t.add(conference.IssueNoAudio, nil, "Hand in the recording that has the speaker's voice", "the recording has no sound")
		return
	}
	t.checkGaps("sound", p.Audio[0].Gaps)
	if p.Video == nil {
		return
	}
	const apart = 2 * time.Second // cameras and mixers differ by less at either end
	a, v := p.Audio[0], p.Video
	first, last := a.Start-v.Lead, a.End-v.End
	if first.Abs() >= apart || last.Abs() >= apart {
		t.add(conference.IssueDesync, nil, "See whether lips and voice agree near the end; if not, export it anew",
			"picture and sound do not go together: the sound begins %s and ends %s", offsetText(first), offsetText(last))
	}
}

// offsetText returns in words how much later the sound is than the picture; negative is
// earlier.
func offsetText(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	switch {
	case d > 0:
		return fmt.Sprintf("%.1f s after the picture", d.Seconds())
	case d < 0:
		return fmt.Sprintf("%.1f s before it", -d.Seconds())
	}
	return "with it"
}

func (t *issueFinder) checkGaps(of string, gaps []timeline.Span) {
	if kept := t.keptStretches(gaps...); len(kept) > 0 {
		fills := map[string]string{"picture": "the last picture stays", "sound": "there is silence"}[of]
		t.add(conference.IssueGap, kept, "Copy it again from the camera; if that is no better, cut it out",
			"no %s was recorded %s; %s there", of, stretchesText(kept), fills)
	}
}

// checkJumps reports where the clock of the recording jumped. The indexed copy has no jumps.
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
		said = append(said, fmt.Sprintf("%s at %s", jumpText(j.By), formatClock(kept[0].From)))
	}
	if more := len(said) - enough; more > 0 {
		said = append(said[:enough], "and "+plural.Count(more, "more time"))
	}
	if len(said) > 0 {
		t.add(conference.IssueClockJump, spans, "Have a look there; what is missing was not recorded",
			"the clock jumps %s, as where a recorder was started again; what comes after follows at once", strings.Join(said, ", "))
	}
}

// jumpText returns in words how far a clock jumps.
func jumpText(d time.Duration) string {
	far, way := formatClock(d.Abs()), "forward"
	if d.Abs() < 10*time.Second {
		far = fmt.Sprintf("%.1f s", d.Abs().Seconds())
	}
	if d < 0 {
		way = "back"
	}
	return way + " by " + far
}

// checkSound reports what the analysis of the sound found.
func (t *issueFinder) checkSound() {
	a := t.analysis
	if a.Stream < 0 {
		return
	}
	if a.Silent {
		t.add(conference.IssueSilent, nil, "Hand in the recording that has the speaker's voice, or say which stream it is under sound: in the talk's file",
			"the sound is silent from beginning to end")
		return
	}
	t.checkChannels()
	if kept := t.keptStretches(a.Activity.Clipped...); len(kept) > 0 {
		t.add(conference.IssueClipped, kept, "What was lost does not come back: use another recording of the sound, if there is one",
			"the sound is clipped in %s, %s", plural.Count(a.Left.Clipped+a.Right.Clipped, "place"), stretchesText(kept))
	}
	const heard = 40 // dB under the talk; softer hum is inaudible
	if h := a.Activity.Hum; h != nil && h.Level > a.LUFS-heard {
		t.add(conference.IssueHum, nil, fmt.Sprintf("Say high-pass: %d under sound: in the talk's file, and listen", h.Hz*6/5),
			"the mains hum at %d Hz, %.0f dB under the talk", h.Hz, max(0, a.LUFS-h.Level))
	}
	if a.Duration >= time.Minute && a.Activity.Speech < a.Duration/20 {
		t.add(conference.IssueNoSpeech, nil, "Listen to it: is it the right recording, and was the microphone on?",
			"there is sound, but hardly any speech in it")
		return
	}
	t.checkPauses()
}

// checkChannels reports silent channels, and channels of opposite polarity.
func (t *issueFinder) checkChannels() {
	a := t.analysis
	const other = "--channels decides it otherwise"
	switch {
	case a.Right.Dead:
		t.add(conference.IssueDeadChannel, nil, other, "the right channel is silent; the left one is used on both sides")
	case a.Left.Dead:
		t.add(conference.IssueDeadChannel, nil, other, "the left channel is silent; the right one is used on both sides")
	case a.PolarityInverted:
		t.add(conference.IssueOppositePhase, nil, other, "the two channels are opposites of one another and would cancel out on a single loudspeaker; the left one is used on both sides")
	default:
		for side, spans := range map[string][]timeline.Span{"left": a.Activity.LeftDropouts, "right": a.Activity.RightDropouts} {
			if kept := t.keptStretches(spans...); len(kept) > 0 {
				t.add(conference.IssueDeadChannel, kept, fmt.Sprintf("With --channels %s the other is used on both sides", map[string]string{"left": "right", "right": "left"}[side]),
					"the %s channel is silent %s", side, stretchesText(kept))
			}
		}
	}
}

// minPause is the shortest pause that is reported.
const minPause = time.Minute

// checkPauses reports long pauses in the sound.
func (t *issueFinder) checkPauses() {
	var rests []timeline.Span
	sounding := t.analysis.Activity.Sounding
	for i := 1; i < len(sounding); i++ {
		rests = append(rests, timeline.Span{From: sounding[i-1].To, To: sounding[i].From})
	}
	if kept := dropShorter(t.keptStretches(rests...), minPause); len(kept) > 0 {
		t.add(conference.IssueSilent, kept, "If it is a break, leave it out: give --cut for what comes before and after", "nothing is heard %s", stretchesText(kept))
	}
}

// checkPicture reports what the scan of keyframes found.
func (t *issueFinder) checkPicture() {
	g := t.analysis.Keyframes
	if g == nil {
		return
	}
	about := ""
	if g.MaxInterval > 2*time.Second {
		about = fmt.Sprintf(" (give or take %.0f s)", math.Ceil(g.MaxInterval.Seconds()))
	}
	if kept := t.keptStretches(g.Black...); len(kept) > 0 {
		t.add(conference.IssueBlack, kept, "If nothing is to be seen there, cut it out, or look for another recording", "the picture is black %s%s", stretchesText(kept), about)
	}
	if kept := t.keptStretches(g.Frozen...); len(kept) > 0 {
		t.add(conference.IssueFrozen, kept, "The camera may have hung: look for another recording of that part", "the picture stands still %s, and moves all the time elsewhere%s", stretchesText(kept), about)
	}
	if g.Static && len(t.keptStretches(g.Black...)) == 0 {
		t.add(conference.IssueFrozen, nil, "See whether it is the right recording, or one of a camera that hung", "the picture is the same from beginning to end")
	}
}

// checkLength compares the length of the programme with the talk's slot in the schedule.
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
	var try string
	switch {
	case kept < talk.Length/2:
		kind, try = conference.IssueTooShort, "Is a recording missing, or does --cut leave out too much?"
	case kept > talk.Length*3/2:
		kind, try = conference.IssueTooLong, "Give --cut for what belongs to the talk"
	default:
		return
	}
	t.all = append(t.all, conference.Issue{Kind: kind, Hint: try, Message: fmt.Sprintf("%s is kept of the recordings, and the slot is of %s",
		formatClock(kept), formatClock(talk.Length))})
}

// checkSilentEnds proposes a cut if there is silence before or after the talk.
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
	var where []string
	var spans []conference.ReelSpan
	if talk.From-whole.From >= least {
		where, spans = append(where, "until "+formatClock(talk.From)), append(spans, conference.ReelSpan{From: whole.From, To: talk.From})
	} else {
		talk.From = whole.From
	}
	if whole.To-talk.To >= least {
		where, spans = append(where, "after "+formatClock(talk.To)), append(spans, conference.ReelSpan{From: talk.To, To: whole.To})
	} else {
		talk.To = floorMillis(whole.To)
	}
	if len(spans) > 0 {
		t.all = append(t.all, conference.Issue{Kind: conference.IssueSilentEnds, Spans: spans, Message: "silence " + strings.Join(where, " and "),
			Hint: fmt.Sprintf("To leave it out: --cut %s-%s", timeline.FormatClock(talk.From), timeline.FormatClock(talk.To))})
	}
}

// stretchesText returns the first few stretches in words.
func stretchesText(all []conference.ReelSpan) string {
	const enough = 3
	var said []string
	for _, s := range all[:min(len(all), enough)] {
		if from, to := formatClock(s.From), formatClock(s.To); from == to {
			said = append(said, "at "+from)
		} else {
			said = append(said, "from "+from+" to "+to)
		}
	}
	if more := len(all) - enough; more > 0 {
		said = append(said, "and "+plural.Count(more, "more time"))
	}
	return strings.Join(said, ", ")
}

// formatClock returns a time as HH:MM:SS, rounded to the second.
func formatClock(d time.Duration) string { return timeline.FormatClock(d.Round(time.Second)) }
