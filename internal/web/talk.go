package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

func (s *Server) talkRoutes() []route {
	return []route{
		{"GET /talks/{slug}", access.ViewTalk, s.talk},
		{"POST /talks/{slug}/processing", access.ManageRecordings, s.setProcessing},
		{"POST /talks/{slug}/retry", access.ManageRecordings, s.retry},
		{"GET /talks/{slug}/recordings/{sha256}/sample", access.ManageRecordings, s.sample},
	}
}

// talkPage is the data of talk.html.
type talkPage struct {
	service.TalkDetails
	Form      processingForm // as typed
	Channels  []conference.Channels
	Pipelines []string
	Price     *conductor.Cost // of the typed options; nil: not asked for
	Events    []historyEntry
}

// processingForm holds the processing options as they were typed.
type processingForm struct {
	Cut      string // one range per line
	Channels string
	Pipeline string
}

// Numbered reports whether the channels are given by number.
func (f processingForm) Numbered() bool {
	return f.Channels != "" && !slices.Contains(conference.ChannelChoices(), conference.Channels(f.Channels))
}

func (s *Server) talk(v *request) error {
	p, err := v.newTalkPage()
	if err != nil {
		return err
	}
	return v.render("talk.html", p)
}

func (v *request) newTalkPage() (talkPage, error) {
	t, err := v.service.Talks.Details(v.ctx(), v.person, v.slug())
	p := talkPage{
		TalkDetails: t,
		Channels:    conference.ChannelChoices(),
		Pipelines:   pipelines.Names(),
		Form:        processingForm{formatCut(t.Facts.Cut), string(t.Facts.Channels), t.Pipeline},
	}
	if t.Pipeline != "" && !slices.Contains(p.Pipelines, t.Pipeline) {
		p.Pipelines = append(p.Pipelines, t.Pipeline)
	}
	p.Events = v.newHistory(t.History)
	return p, err
}

// setProcessing saves the processing options in the form. If the button "price" was pressed, it
// saves nothing and shows what they would cost.
func (s *Server) setProcessing(v *request) error {
	page, err := v.newTalkPage()
	if err != nil {
		return err
	}
	page.Form = processingForm{v.r.FormValue("cut"), v.r.FormValue("channels"), v.r.FormValue("pipeline")}
	if page.Form.Channels == "numbered" {
		page.Form.Channels = strings.ReplaceAll(v.r.FormValue("numbers"), " ", "")
	}
	h, err := page.processingOptions(len(page.Facts.Recordings))
	if err != nil {
		return v.renderInvalid("talk.html", page, err)
	}
	if v.r.FormValue("do") == "price" {
		price, err := s.service.Talks.EstimateCost(v.ctx(), v.person, v.slug(), h)
		if err != nil {
			return v.renderInvalid("talk.html", page, err)
		}
		page.Price = &price
		return v.render("talk.html", page)
	}
	if err := s.service.Talks.SetProcessingOptions(v.ctx(), v.person, v.slug(), h); err != nil {
		return v.renderInvalid("talk.html", page, err)
	}
	return v.redirect("/talks/" + v.slug())
}

// processingOptions parses the typed options. recordings is how many the talk has; the cut may name
// one by its number. An invalid choice is an *inputerr.Error.
func (p talkPage) processingOptions(recordings int) (h service.ProcessingOptions, err error) {
	h.Channels, h.Pipeline = conference.Channels(p.Form.Channels), p.Form.Pipeline
	if _, err := h.Channels.Terms(); err != nil || h.Channels == "" {
		return h, inputerr.Coded("channels.unknown", "there is no choice of channels {channels}", "channels", strconv.Quote(string(h.Channels)))
	}
	for i, line := range strings.Split(strings.ReplaceAll(p.Form.Cut, "\r\n", "\n"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		k, err := plan.ParseCut(line, recordings)
		if err == nil && k.From >= k.To {
			err = fmt.Errorf("the end is before the start")
		}
		if err != nil {
			return h, cutError(i+1, line, err)
		}
		h.Cut = append(h.Cut, k)
	}
	return h, nil
}

// cutError returns err, which ParseCut returned for a line of a typed cut, as an error of the
// form's field cut. number is that of the line, counted from 1.
func cutError(number int, line string, err error) *inputerr.Error {
	if known := inputerr.As(err); known != nil {
		return known.In("cut").At(number)
	}
	return inputerr.Coded("cut.invalid", "{line}: {error}", "line", strconv.Quote(line), "error", err).In("cut").At(number)
}

func formatCut(cut []conference.KeptRange) string {
	lines := make([]string, len(cut))
	for i, k := range cut {
		lines[i] = plan.FormatCut(k)
	}
	return strings.Join(lines, "\n")
}

// defaultSampleOffset is where audio samples start: most talks have begun by then.
const defaultSampleOffset = 90 * time.Second

// sample serves twelve seconds of one channel of a recording as Opus in WebM. The query has side
// ("left", "right" or "mix") and optionally at, the position where the sample begins.
func (s *Server) sample(v *request) error {
	q := v.r.URL.Query()
	side, at := q.Get("side"), defaultSampleOffset
	if !slices.Contains([]string{"left", "right", "mix"}, side) {
		return service.ErrNotFound
	}
	if text := q.Get("at"); text != "" {
		var err error
		if at, err = timeline.ParseClock(text); err != nil {
			return inputerr.Coded("sample.invalid_time", "{text} is not a time", "text", strconv.Quote(text)).In("at").Hint("Write it like 0:01:30")
		}
	}
	var b bytes.Buffer
	if err := v.runHeavy(v.ctx(), func() error {
		return s.service.Recordings.WriteAudioSample(v.ctx(), v.person, v.slug(), v.r.PathValue("sha256"), side, at, &b)
	}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "audio/webm")
	v.w.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(v.w, v.r, "", time.Time{}, bytes.NewReader(b.Bytes()))
	return nil
}

func (s *Server) retry(v *request) error {
	if err := s.service.Talks.Retry(v.ctx(), v.person, v.slug()); err != nil {
		return err
	}
	return v.redirect("/talks/" + v.slug())
}

// historyEntry lists what one person changed at one time.
type historyEntry struct {
	At      time.Time
	Who     string
	Changes []historyChange
	created bool // the entry creates the talk
}

// historyChange is one change, in the language of the page.
type historyChange struct {
	Label    string
	Old, New string // "": not shown
}

// internalEvents are changes that the history does not show.
var internalEvents = []string{"out", "pipeline_text", "edition", "upload", "conference", "treatment"}

// newHistory returns events grouped by person and time, in the language of the page. For a new talk
// it lists only the creation and not each field. Internal events are left out.
func (v *request) newHistory(events []service.Event) (all []historyEntry) {
	for i, e := range events {
		if i == 0 || !e.At.Equal(events[i-1].At) || e.Who != events[i-1].Who {
			all = append(all, historyEntry{At: e.At, Who: e.Who})
		}
		last := &all[len(all)-1]
		key, _, _ := strings.Cut(e.What, ".")
		switch {
		case e.What == "talk.slug" && e.Old == nil:
			last.Changes, last.created = []historyChange{v.newHistoryChange(e)}, true
		case !slices.Contains(internalEvents, key) && !last.created:
			last.Changes = append(last.Changes, v.newHistoryChange(e))
		}
	}
	return slices.DeleteFunc(all, func(s historyEntry) bool { return len(s.Changes) == 0 })
}

func (v *request) newHistoryChange(e service.Event) historyChange {
	change := historyChange{Label: v.eventSentence(e)}
	switch key, _, _ := strings.Cut(e.What, "."); key {
	case "track", "translation", "verdict", "release", "claim", "link": // the label says it all
	default:
		change.Old, change.New = v.messages.eventValue(v.locale, e.What, e.Old), v.messages.eventValue(v.locale, e.What, e.New)
	}
	return change
}

// eventSentence returns an event as a sentence in the language of the page.
func (v *request) eventSentence(e service.Event) string {
	m := e.Message()
	for name, value := range m.Values {
		switch name {
		case "language":
			m.Values[name] = languageName(v.locale, value)
		case "reason", "why":
			m.Values[name] = v.messages.reason(v.locale, value)
		}
	}
	return v.messages.sentences(v.locale, "event")(m)
}

// eventValue returns an old or new value of an event in a locale, as one line. what is the event's
// kind, such as "talk.language". It returns "" for values that have no short form.
func (w messages) eventValue(locale, what string, value json.RawMessage) string {
	text := eventText(what, value)
	switch what {
	case "channels":
		return w.named(locale, "channels.", text)
	case "pipeline", "talk.kind":
		return w.named(locale, "kind.", text)
	case "talk.language":
		return languageName(locale, text)
	case "scheduling.do_not_record":
		return w.named(locale, "answer.", text)
	case "scheduling.start", "scheduling.embargo":
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return formatTime(locale, at)
		}
	}
	return text
}

// eventText returns an old or new value of an event as one line, without translating it. what is
// the event's kind. It returns "" for values that have no short form.
func eventText(what string, value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return firstLine(text)
	}
	switch key, _, _ := strings.Cut(what, "."); key {
	case "cut":
		var cut []conference.KeptRange
		if json.Unmarshal(value, &cut) == nil {
			return strings.ReplaceAll(formatCut(cut), "\n", ", ")
		}
	case "recordings":
		var recordings []conference.Recording
		if json.Unmarshal(value, &recordings) == nil {
			names := make([]string, len(recordings))
			for i, r := range recordings {
				names[i] = r.Name
			}
			return strings.Join(names, ", ")
		}
	case "talk", "scheduling":
		var list []string
		if json.Unmarshal(value, &list) == nil {
			return firstLine(strings.Join(list, ", "))
		}
		if !bytes.ContainsAny(value, "{[") {
			return string(value)
		}
	}
	return ""
}
