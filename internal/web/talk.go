package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// talkRoutes are the page of one talk, and what volunteers decide there.
func (s *Server) talkRoutes() []route {
	return []route{
		{"GET /talks/{slug}", access.See, s.talk},
		{"POST /talks/{slug}/handling", access.Record, s.setHandling},
		{"POST /talks/{slug}/retry", access.Record, s.retry},
		{"GET /talks/{slug}/recordings/{sha256}/sample", access.Record, s.sample},
	}
}

// talkPage is the data of a talk's page.
type talkPage struct {
	service.Talk
	Typed     handlingForm // in the form
	Channels  []conference.Channels
	Pipelines []string
	Price     *conductor.Price // of what is typed; nil: nobody asked
	Events    []said
}

// handlingForm is what volunteers decide, as they type it.
type handlingForm struct {
	Cut      string // a range a line
	Channels string
	Pipeline string
}

func (s *Server) talk(v *visit) error {
	p, err := v.talkPage()
	if err != nil {
		return err
	}
	return v.show("talk.html", p)
}

func (v *visit) talkPage() (talkPage, error) {
	t, err := v.office.Talk(v.ctx(), v.person, v.slug())
	p := talkPage{
		Talk:      t,
		Channels:  []conference.Channels{conference.ChannelsAuto, conference.ChannelsLeft, conference.ChannelsRight, conference.ChannelsMix, conference.ChannelsStereo},
		Pipelines: pipelines.Names(),
		Typed:     handlingForm{cutText(t.Facts.Cut), string(t.Facts.Channels), t.Pipeline},
	}
	if t.Pipeline != "" && !slices.Contains(p.Pipelines, t.Pipeline) {
		p.Pipelines = append(p.Pipelines, t.Pipeline)
	}
	p.Events = v.history(t.History)
	return p, err
}

// setHandling changes the cut and what goes with it; or says what that would cost, where the
// button was that.
func (s *Server) setHandling(v *visit) error {
	page, err := v.talkPage()
	if err != nil {
		return err
	}
	page.Typed = handlingForm{v.r.FormValue("cut"), v.r.FormValue("channels"), v.r.FormValue("pipeline")}
	h, err := page.handling(len(page.Facts.Recordings))
	if err != nil {
		return v.again("talk.html", page, err)
	}
	if v.r.FormValue("do") == "price" {
		price, err := s.office.Price(v.ctx(), v.person, v.slug(), h)
		if err != nil {
			return v.again("talk.html", page, err)
		}
		page.Price = &price
		return v.show("talk.html", page)
	}
	if err := s.office.Handle(v.ctx(), v.person, v.slug(), h); err != nil {
		return v.again("talk.html", page, err)
	}
	return v.to("/talks/" + v.slug())
}

// handling is what was typed.
func (p talkPage) handling(recordings int) (h service.Handling, err error) {
	h.Channels, h.Pipeline = conference.Channels(p.Typed.Channels), p.Typed.Pipeline
	if !slices.Contains(p.Channels, h.Channels) {
		return h, inputerr.New("", "there are no channels %q", h.Channels)
	}
	for i, line := range strings.Split(strings.ReplaceAll(p.Typed.Cut, "\r\n", "\n"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		k, err := plan.ParseCut(line, recordings)
		if err == nil && k.From >= k.To {
			err = fmt.Errorf("it ends before it begins")
		}
		if err != nil {
			return h, inputerr.New("cut", "%q: %v", line, err).At(i + 1)
		}
		h.Cut = append(h.Cut, k)
	}
	return h, nil
}

func cutText(cut []conference.Keep) string {
	lines := make([]string, len(cut))
	for i, k := range cut {
		lines[i] = plan.CutText(k)
	}
	return strings.Join(lines, "\n")
}

// sampleAt is where in a recording people listen to it: a little after the beginning, when
// somebody speaks.
const sampleAt = 90 * time.Second

// sample is a few seconds of one side of a recording.
func (s *Server) sample(v *visit) error {
	q := v.r.URL.Query()
	side, at := q.Get("side"), sampleAt
	if !slices.Contains([]string{"left", "right", "mix"}, side) {
		return catalog.ErrNone
	}
	if text := q.Get("at"); text != "" {
		var err error
		if at, err = timeline.ParseClock(text); err != nil {
			return inputerr.New("at", "%v", err)
		}
	}
	var b bytes.Buffer
	if err := v.heavily(v.ctx(), func() error {
		return s.office.Sample(v.ctx(), v.person, v.slug(), v.r.PathValue("sha256"), side, at, &b)
	}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "audio/webm")
	v.w.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(v.w, v.r, "", time.Time{}, bytes.NewReader(b.Bytes()))
	return nil
}

func (s *Server) retry(v *visit) error {
	if err := s.office.Retry(v.ctx(), v.person, v.slug()); err != nil {
		return err
	}
	return v.to("/talks/" + v.slug())
}

// said is what somebody did, for people.
type said struct {
	At    time.Time
	Who   string
	Whats []saidWhat
	came  bool // the talk itself
}

// saidWhat is one thing of it.
type saidWhat struct {
	What     string
	Old, New string // "" where there is nothing to show in a line
}

// ownAffairs are changes that tell people nothing.
var ownAffairs = []string{"out", "pipeline_text", "edition", "upload", "conference", "treatment"}

// history is events for people. What somebody did at once is one thing; and what a new talk
// came with is part of its coming.
func (v *visit) history(events []catalog.Event) (all []said) {
	for i, e := range events {
		if i == 0 || !e.At.Equal(events[i-1].At) || e.Who != events[i-1].Who {
			all = append(all, said{At: e.At, Who: e.Who})
		}
		last := &all[len(all)-1]
		key, _, _ := strings.Cut(e.What, ".")
		switch {
		case e.What == "talk.slug" && e.Old == nil:
			last.Whats, last.came = []saidWhat{v.saidWhat(e)}, true
		case !slices.Contains(ownAffairs, key) && !last.came:
			last.Whats = append(last.Whats, v.saidWhat(e))
		}
	}
	return slices.DeleteFunc(all, func(s said) bool { return len(s.Whats) == 0 })
}

func (v *visit) saidWhat(e catalog.Event) saidWhat {
	key, detail, _ := strings.Cut(e.What, ".")
	what := v.words.say(v.locale, "event."+e.What)
	if what == "event."+e.What {
		what = v.words.say(v.locale, "event."+key, "detail", detail)
	}
	return saidWhat{what, eventText(e.What, e.Old), eventText(e.What, e.New)}
}

// eventText is what something was, in a line.
func eventText(what string, value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return short(text)
	}
	switch key, _, _ := strings.Cut(what, "."); key {
	case "cut":
		var cut []conference.Keep
		if json.Unmarshal(value, &cut) == nil {
			return strings.ReplaceAll(cutText(cut), "\n", ", ")
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
	case "track", "translation":
		var t struct {
			State, File, Why string
			Revision, Number int
		}
		if json.Unmarshal(value, &t) == nil {
			return fmt.Sprintf("%d · %s", t.Revision+t.Number, strings.TrimSpace(t.File+t.Why))
		}
	case "talk":
		var list []string
		if json.Unmarshal(value, &list) == nil {
			return short(strings.Join(list, ", "))
		}
		if !bytes.ContainsAny(value, "{[") {
			return string(value)
		}
	}
	return ""
}
