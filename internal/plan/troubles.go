package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Inspect says what is wrong with one recording, all of it, from what was found out about
// it. Times are its own.
func Inspect(name string, p media.Probe, a media.Analysis) []conference.Trouble {
	rate := timeline.Rate{Num: 25, Den: 1}
	s := Source{Probe: p, Name: name, Frames: rate.Frame(p.Readable)}
	if p.Video != nil {
		rate = p.Video.Rate
		s.Frames = p.Frames(rate)
	}
	reel := Reel{Sources: []Source{s}, Programme: timeline.Programme{Rate: rate, Kept: []timeline.Range{{To: s.Frames}}}}
	return troubles(reel, heard{analyses: []media.Analysis{a}}, conference.Talk{}, false)
}

// troubles is all that is wrong with what is kept of a reel. cut says that a person chose
// that.
func troubles(reel Reel, floor heard, talk conference.Talk, cut bool) []conference.Trouble {
	t := trouble{reel: reel, all: []conference.Trouble{}}
	for i, s := range reel.Sources {
		t.at(s, floor.analyses[i])
		if t.kept(timeline.Span{To: math.MaxInt64}) == nil { // nothing of it is in the programme
			continue
		}
		t.streams()
		t.sound()
		t.picture()
	}
	t.slot(talk)
	t.ends(floor, cut)
	return t.all
}

// trouble collects troubles, of one recording after the other.
type trouble struct {
	reel     Reel
	all      []conference.Trouble
	source   Source
	analysis media.Analysis
}

func (t *trouble) at(s Source, a media.Analysis) { t.source, t.analysis = s, a }

// say adds a trouble of the recording.
func (t *trouble) say(kind string, spans []conference.Stretch, try, format string, args ...any) {
	t.all = append(t.all, conference.Trouble{Kind: kind, Recording: t.source.Name, Spans: spans, Words: fmt.Sprintf(format, args...), Try: try})
}

// kept is what is kept of spans of the analysis' clock, in reel time.
func (t *trouble) kept(spans ...timeline.Span) (kept []conference.Stretch) {
	rate := t.reel.Programme.Rate
	begin, end := rate.Time(t.source.Offset), rate.Time(t.source.Offset+t.source.Frames)
	for _, s := range spans {
		s = t.onReel(s)
		for _, k := range t.reel.Programme.Kept {
			from, to := max(s.From, begin, rate.Time(k.From)), min(s.To, end, rate.Time(k.To))
			if from < to {
				kept = append(kept, conference.Stretch{From: from, To: to})
			}
		}
	}
	return kept
}

// onReel is a span of the analysis' clock in reel time.
func (t *trouble) onReel(s timeline.Span) timeline.Span {
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

// longer drops stretches shorter than that.
func longer(all []conference.Stretch, least time.Duration) []conference.Stretch {
	return slices.DeleteFunc(all, func(s conference.Stretch) bool { return s.To-s.From < least })
}

// streams says what the container tells: of times that are missing, or do not fit.
func (t *trouble) streams() {
	p := t.source.Probe
	if p.Video != nil && p.Video.Variable && !p.Video.Slow && len(p.Video.Gaps) == 0 {
		t.say(conference.Variable, nil, "Nothing need be done; the programme has a constant rate",
			"pictures come at varying intervals; they are taken at %s a second", p.Video.Rate)
	}
	t.jumps()
	if p.Video != nil {
		t.gaps("picture", p.Video.Gaps)
	}
	if len(p.Audio) == 0 {
		t.say(conference.NoSound, nil, "Hand in the recording that has the speaker's voice", "the recording has no sound")
		return
	}
	t.gaps("sound", p.Audio[0].Gaps)
	if p.Video == nil {
		return
	}
	const apart = 2 * time.Second // what cameras and mixers leave at either end is less
	a, v := p.Audio[0], p.Video
	switch first, last := a.Start-v.Lead, a.End-v.End; {
	case first.Abs() >= apart || last.Abs() >= apart:
		t.say(conference.Desync, nil, "See whether lips and voice agree near the end; if not, export it anew",
			"picture and sound do not go together: the sound begins %s and ends %s", beside(first), beside(last))
	}
}

// beside says how much later one thing is than another.
func beside(d time.Duration) string {
	switch d = d.Round(100 * time.Millisecond); {
	case d > 0:
		return fmt.Sprintf("%.1f s after the picture", d.Seconds())
	case d < 0:
		return fmt.Sprintf("%.1f s before it", -d.Seconds())
	}
	return "with it"
}

func (t *trouble) gaps(of string, gaps []timeline.Span) {
	if kept := t.kept(gaps...); len(kept) > 0 {
		fills := map[string]string{"picture": "the last picture stays", "sound": "there is silence"}[of]
		t.say(conference.Gap, kept, "Copy it again from the camera; if that is no better, cut it out",
			"no %s was recorded %s; %s there", of, places(kept), fills)
	}
}

// jumps says where the clock jumps, which the index is without.
func (t *trouble) jumps() {
	const enough = 3
	var spans []conference.Stretch
	var said []string
	for _, j := range t.source.Probe.Jumps {
		kept := t.kept(timeline.Span{From: j.At, To: j.At + time.Second})
		if len(kept) == 0 {
			continue
		}
		spans = append(spans, kept...)
		said = append(said, fmt.Sprintf("%s at %s", ahead(j.By), clockText(kept[0].From)))
	}
	if more := len(said) - enough; more > 0 {
		said = append(said[:enough], "and "+counted(more, "more time"))
	}
	if len(said) > 0 {
		t.say(conference.Jump, spans, "Have a look there; what is missing was not recorded",
			"the clock jumps %s, as where a recorder was started again; what comes after follows at once", strings.Join(said, ", "))
	}
}

// ahead says how far a clock jumps.
func ahead(d time.Duration) string {
	far, way := clockText(d.Abs()), "forward"
	if d.Abs() < 10*time.Second {
		far = fmt.Sprintf("%.1f s", d.Abs().Seconds())
	}
	if d < 0 {
		way = "back"
	}
	return way + " by " + far
}

// sound says what listening found.
func (t *trouble) sound() {
	a := t.analysis
	if a.Stream < 0 {
		return
	}
	if a.Silent {
		t.say(conference.Silent, nil, "Hand in the recording that has the speaker's voice, or say which stream it is under sound: in the talk's file",
			"the sound is silent from beginning to end")
		return
	}
	t.sides()
	if kept := t.kept(a.Activity.Clipped...); len(kept) > 0 {
		t.say(conference.Clipped, kept, "What was lost does not come back: use another recording of the sound, if there is one",
			"the sound is clipped in %s, %s", counted(a.Left.Clipped+a.Right.Clipped, "place"), places(kept))
	}
	const heard = 40 // dB under the talk; softer hum is drowned
	if h := a.Activity.Hum; h != nil && h.Level > a.LUFS-heard {
		t.say(conference.Humming, nil, fmt.Sprintf("Say high-pass: %d under sound: in the talk's file, and listen", h.Hz*6/5),
			"the mains hum at %d Hz, %.0f dB under the talk", h.Hz, max(0, a.LUFS-h.Level))
	}
	if a.Duration >= time.Minute && a.Activity.Speech < a.Duration/20 {
		t.say(conference.Speechless, nil, "Listen to it: is it the right recording, and was the microphone on?",
			"there is sound, but hardly any speech in it")
		return
	}
	t.rests()
}

// sides says of which channel nothing comes, or nothing good.
func (t *trouble) sides() {
	a := t.analysis
	const other = "--channels decides it otherwise"
	switch {
	case a.Right.Dead:
		t.say(conference.DeadChannel, nil, other, "the right channel is silent; the left one is used on both sides")
	case a.Left.Dead:
		t.say(conference.DeadChannel, nil, other, "the left channel is silent; the right one is used on both sides")
	case a.Opposite:
		t.say(conference.Opposite, nil, other, "the two channels are opposites of one another and would cancel out on a single loudspeaker; the left one is used on both sides")
	default:
		for side, spans := range map[string][]timeline.Span{"left": a.Activity.Left, "right": a.Activity.Right} {
			if kept := t.kept(spans...); len(kept) > 0 {
				t.say(conference.DeadChannel, kept, fmt.Sprintf("With --channels %s the other is used on both sides", map[string]string{"left": "right", "right": "left"}[side]),
					"the %s channel is silent %s", side, places(kept))
			}
		}
	}
}

// leastRest is how long nothing is heard before anybody wonders.
const leastRest = time.Minute

// rests says where nothing is heard between what is.
func (t *trouble) rests() {
	var rests []timeline.Span
	sounding := t.analysis.Activity.Sounding
	for i := 1; i < len(sounding); i++ {
		rests = append(rests, timeline.Span{From: sounding[i-1].To, To: sounding[i].From})
	}
	if kept := longer(t.kept(rests...), leastRest); len(kept) > 0 {
		t.say(conference.Silent, kept, "If it is a break, leave it out: give --cut for what comes before and after", "nothing is heard %s", places(kept))
	}
}

// picture says what the keyframes show.
func (t *trouble) picture() {
	g := t.analysis.Glance
	if g == nil {
		return
	}
	about := ""
	if g.Widest > 2*time.Second {
		about = fmt.Sprintf(" (give or take %.0f s)", math.Ceil(g.Widest.Seconds()))
	}
	if kept := t.kept(g.Black...); len(kept) > 0 {
		t.say(conference.Black, kept, "If nothing is to be seen there, cut it out, or look for another recording", "the picture is black %s%s", places(kept), about)
	}
	if kept := t.kept(g.Frozen...); len(kept) > 0 {
		t.say(conference.Frozen, kept, "The camera may have hung: look for another recording of that part", "the picture stands still %s, and moves all the time elsewhere%s", places(kept), about)
	}
	if g.Still && len(t.kept(g.Black...)) == 0 {
		t.say(conference.Frozen, nil, "See whether it is the right recording, or one of a camera that hung", "the picture is the same from beginning to end")
	}
}

// slot holds what is kept against the time that the schedule gives the talk.
func (t *trouble) slot(talk conference.Talk) {
	if talk.Length == 0 {
		return
	}
	var frames int64
	for _, k := range t.reel.Programme.Kept {
		frames += k.Len()
	}
	kept, kind, try := t.reel.Programme.Rate.Time(frames), "", ""
	switch {
	case kept < talk.Length/2:
		kind, try = conference.TooShort, "Is a recording missing, or does --cut leave out too much?"
	case kept > talk.Length*3/2:
		kind, try = conference.TooLong, "Give --cut for what belongs to the talk"
	default:
		return
	}
	t.all = append(t.all, conference.Trouble{Kind: kind, Try: try, Words: fmt.Sprintf("%s is kept of the recordings, and the slot is of %s",
		clockText(kept), clockText(talk.Length))})
}

// ends proposes a cut where nothing is heard before the talk, or after it.
func (t *trouble) ends(floor heard, cut bool) {
	const (
		least  = 15 * time.Second // silence that is worth a cut
		margin = time.Second      // breath
	)
	if cut {
		return
	}
	rate, kept := t.reel.Programme.Rate, t.reel.Programme.Kept
	whole := timeline.Span{From: rate.Time(kept[0].From), To: rate.Time(kept[len(kept)-1].To)}
	talk := timeline.Span{From: whole.To, To: whole.From}
	for i, s := range t.reel.Sources {
		t.at(s, floor.analyses[i])
		for _, k := range t.kept(t.analysis.Activity.Sounding...) {
			talk.From, talk.To = min(talk.From, k.From), max(talk.To, k.To)
		}
	}
	if talk.Len() <= 0 {
		return // another trouble says so
	}
	talk.From, talk.To = max(whole.From, talk.From-margin).Truncate(time.Second), min(whole.To, talk.To+margin)
	if up := talk.To.Truncate(time.Second) + time.Second; up < whole.To {
		talk.To = up
	}
	var where []string
	var spans []conference.Stretch
	if talk.From-whole.From >= least {
		where, spans = append(where, "until "+clockText(talk.From)), append(spans, conference.Stretch{From: whole.From, To: talk.From})
	} else {
		talk.From = whole.From
	}
	if whole.To-talk.To >= least {
		where, spans = append(where, "after "+clockText(talk.To)), append(spans, conference.Stretch{From: talk.To, To: whole.To})
	} else {
		talk.To = floorMillis(whole.To)
	}
	if len(spans) > 0 {
		t.all = append(t.all, conference.Trouble{Kind: conference.SilentEnds, Spans: spans, Words: "silence " + strings.Join(where, " and "),
			Try: fmt.Sprintf("To leave it out: --cut %s-%s", timeline.FormatClock(talk.From), timeline.FormatClock(talk.To))})
	}
}

// places are stretches in words, the first few of them.
func places(all []conference.Stretch) string {
	const enough = 3
	var said []string
	for _, s := range all[:min(len(all), enough)] {
		if from, to := clockText(s.From), clockText(s.To); from == to {
			said = append(said, "at "+from)
		} else {
			said = append(said, "from "+from+" to "+to)
		}
	}
	if more := len(all) - enough; more > 0 {
		said = append(said, "and "+counted(more, "more time"))
	}
	return strings.Join(said, ", ")
}

// clockText is a time to the second, as people write it.
func clockText(d time.Duration) string { return timeline.FormatClock(d.Round(time.Second)) }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
