package subsync

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/timeline"
)

// English puts the messages of a [Result] into sentences. Times of the file are hh:mm:ss,
// shifts and lengths are seconds.
var English = message.Templates{
	"in-sync":               "The subtitles are in sync with the speech.",
	"cannot-tell":           "Whether the subtitles are in sync cannot be determined.",
	"cannot-tell.few-cues":  "Whether the subtitles are in sync cannot be determined: there are only {cues} cues within the recording, and {minimum} are needed.",
	"cannot-tell.chance":    "Whether the subtitles are in sync cannot be determined: nowhere do the cues match the speech better than by chance.",
	"cannot-tell.ambiguous": "Whether the subtitles are in sync cannot be determined: no position of the cues fits much better than others.",
	"cannot-tell.doubtful":  "Whether the subtitles are in sync cannot be determined: some cues may need another shift than the others.",
	"cannot-tell.mismatch":  "Whether the subtitles are in sync cannot be determined: the cues from {from} to {to} do not match the sound, though others do.",
	"early":                 "The subtitles come {by} s too early: move them to later times ({shift} s).",
	"late":                  "The subtitles come {by} s too late: move them to earlier times ({shift} s).",
	"drift.earlier":         "The subtitles drift, coming earlier and earlier: multiply their times by {ratio}, then add {shift} s.",
	"drift.later":           "The subtitles drift, coming later and later: multiply their times by {ratio}, then add {shift} s.",
	"jumps.drift":           "The subtitles drift: multiply their times by {ratio}.",
	"jumps":                 "One shift does not fit all subtitles: up to {until} add {shift} s.",
	"jumps.missing":         "From there on add {shift} s: the recording lacks {length} s that the subtitles have.",
	"jumps.missing.until":   "From there up to {until} add {shift} s: the recording lacks {length} s that the subtitles have.",
	"jumps.extra":           "From there on add {shift} s: the recording has {length} s that the subtitles lack.",
	"jumps.extra.until":     "From there up to {until} add {shift} s: the recording has {length} s that the subtitles lack.",
}

// Sentence returns in English what was found, and how to correct it.
func (r Result) Sentence() string {
	var sentences []string
	for _, m := range r.Messages() {
		sentences = append(sentences, English.Format(m))
	}
	return strings.Join(sentences, " ")
}

// Messages returns what was found, and how to correct it, as messages of [English], one for each
// sentence. The reason why there is no answer is missing if the result was stored as JSON.
func (r Result) Messages() []message.Message {
	shift := fmt.Sprintf("%+.3f", seconds(r.OffsetMS))
	by := fmt.Sprintf("%.3f", math.Abs(seconds(r.OffsetMS)))
	switch {
	case len(r.Segments) == 0 && r.reason.Code == "":
		return []message.Message{message.New("cannot-tell")}
	case len(r.Segments) == 0:
		return []message.Message{r.reason}
	case r.Verdict == InSync:
		return []message.Message{message.New("in-sync")}
	case len(r.Segments) > 1:
		return r.jumpMessages()
	case r.Ratio > 1:
		return []message.Message{message.New("drift.earlier", "ratio", ratioText(r.Ratio), "shift", shift)}
	case r.Ratio < 1:
		return []message.Message{message.New("drift.later", "ratio", ratioText(r.Ratio), "shift", shift)}
	case r.OffsetMS > 0:
		return []message.Message{message.New("early", "by", by, "shift", shift)}
	}
	return []message.Message{message.New("late", "by", by, "shift", shift)}
}

// jumpMessages returns messages about where the subtitles need another shift, how large it is, and
// why.
func (r Result) jumpMessages() (all []message.Message) {
	if r.Ratio != 1 {
		all = append(all, message.New("jumps.drift", "ratio", ratioText(r.Ratio)))
	}
	all = append(all, message.New("jumps", "until", clock(r.Segments[1].FromMS), "shift", fmt.Sprintf("%+.3f", seconds(r.OffsetMS))))
	for i, s := range r.Segments[1:] {
		step := s.OffsetMS - r.Segments[i].OffsetMS
		code := "jumps.extra"
		if step < 0 {
			code = "jumps.missing"
		}
		values := []string{"shift", fmt.Sprintf("%+.3f", seconds(s.OffsetMS)), "length", fmt.Sprintf("%.3f", math.Abs(seconds(step)))}
		if i+2 < len(r.Segments) {
			code += ".until"
			values = append(values, "until", clock(r.Segments[i+2].FromMS))
		}
		all = append(all, message.New(code, values...))
	}
	return all
}

// ratioText returns a rate with six digits, followed by the frame rates that it probably comes
// from.
func ratioText(ratio float64) string {
	text := fmt.Sprintf("%.6g", ratio)
	for _, r := range knownRates[1:] {
		if ratio == r.rate {
			return text + " (" + r.name + ")"
		}
	}
	return text
}

// clock returns milliseconds as hh:mm:ss, rounded to the second.
func clock(ms int64) string {
	return timeline.FormatClock((time.Duration(ms) * time.Millisecond).Round(time.Second))
}

// seconds converts milliseconds to seconds.
func seconds(ms int64) float64 { return float64(ms) / 1000 }

// Warning analyses cues as Analyze does, and returns a sentence if they are clearly out of sync. It
// returns "" if they are in sync or if that cannot be determined.
func Warning(cues []conference.Cue, levels []float32) string {
	if r := Analyze(cues, levels); r.Verdict != InSync && r.Verdict != CannotTell {
		return r.Sentence()
	}
	return ""
}
