package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// speakerRoutes are a speaker's page, and what is done there.
func (s *Server) speakerRoutes() []route {
	return []route{
		{"GET /talks/{slug}/speaker", access.See, s.speaker},
		{"POST /talks/{slug}/describe", access.Describe, s.describe},
		{"POST /talks/{slug}/subtitles", access.Caption, s.handInCaptions},
		{"POST /talks/{slug}/subtitles/shift", access.Caption, s.shift},
		{"POST /talks/{slug}/subtitles/{revision}/restore", access.Caption, s.restoreSource},
		{"GET /talks/{slug}/subtitles/{file}", access.See, s.sourceFile},
		{"POST /talks/{slug}/verdict", access.Judge, s.judge},
		{"POST /talks/{slug}/release", access.Release, s.release},
		{"POST /talks/{slug}/hold", access.Release, s.hold},
	}
}

// speakerPage is the data of a speaker's page.
type speakerPage struct {
	Row       service.Row
	Talk      conference.Talk
	Player    *service.Programme // nil: there is no film yet
	Captions  *service.Captioned // as they are; nil: there are none
	Handed    *service.Captioned // what was handed in just now, or looked at
	Checked   bool               // it was only looked at
	File      string
	Findings  []captionFinding // of what is shown
	Hidden    int              // findings beyond those
	Revisions []service.SourceRevision
	Judgement service.Judgement
	Typed     service.Described
	Speakers  string
	Clock     string // that is chosen in the form
}

// captionFinding is something about a caption, and the caption.
type captionFinding struct {
	check.Finding
	Title string
	At    time.Duration // in the film, or on the recordings' clock where there is none
	Seek  string        // seconds, for the player; "": it is not in the film
	Text  string
}

func (v *visit) speakerPage() (p speakerPage, err error) {
	slug := v.slug()
	talk, err := v.office.Talk(v.ctx(), v.person, slug)
	if err != nil {
		return p, err
	}
	p.Row, p.Talk = talk.Row, talk.Facts.Talk
	p.Typed, p.Speakers = service.Described{Title: p.Talk.Title, Abstract: p.Talk.Abstract}, strings.Join(p.Talk.Speakers, "\n")
	p.Clock = service.ReelClock
	play, err := v.office.Programme(v.ctx(), v.person, slug)
	switch {
	case err == nil:
		p.Player, p.Clock = &play, service.ProgrammeClock
	case !errors.Is(err, catalog.ErrNone):
		return p, err
	}
	now, err := v.office.Captions(v.ctx(), v.person, slug)
	switch {
	case err == nil:
		p.Captions = &now
	case !errors.Is(err, catalog.ErrNone):
		return p, err
	}
	if p.Revisions, err = v.office.SourceRevisions(v.ctx(), v.person, slug); err != nil {
		return p, err
	}
	p.Judgement, err = v.office.Judgement(v.ctx(), v.person, slug)
	return p, err
}

// Shown is the subtitles that the findings are about; nil if there are none.
func (p speakerPage) Shown() *service.Captioned {
	if p.Handed != nil {
		return p.Handed
	}
	return p.Captions
}

// find puts findings next to their captions, the worst first.
func (v *visit) find(p *speakerPage) error {
	shown := p.Shown()
	if shown == nil {
		return nil
	}
	at, err := v.office.InFilm(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	for _, f := range shown.Check.Findings {
		if f.Cue < 1 || f.Cue > len(shown.Cues) {
			continue
		}
		cue := shown.Cues[f.Cue-1]
		title, _ := check.Rule(f.Code)
		one := captionFinding{Finding: f, Title: title, At: cue.Start, Text: cue.Text}
		if t, ok := at(cue); ok {
			one.At, one.Seek = t, strconv.FormatFloat(t.Seconds(), 'f', 3, 64)
		}
		p.Findings = append(p.Findings, one)
	}
	slices.SortStableFunc(p.Findings, func(a, b captionFinding) int { return b.Severity.Rank() - a.Severity.Rank() })
	if n := len(p.Findings); n > mostFindings {
		p.Findings, p.Hidden = p.Findings[:mostFindings], n-mostFindings
	}
	return nil
}

// Shiftable reports whether there is a shift to offer.
func (p speakerPage) Shiftable() bool {
	c := p.Captions
	return c != nil && c.Sync != nil && c.Sync.Verdict != subsync.InSync && c.Sync.Verdict != subsync.CannotTell
}

func (v *visit) showSpeaker(p speakerPage, problem error) error {
	if err := v.find(&p); err != nil {
		return err
	}
	if problem != nil {
		return v.again("speaker.html", p, problem)
	}
	return v.show("speaker.html", p)
}

func (s *Server) speaker(v *visit) error {
	p, err := v.speakerPage()
	if err != nil {
		return err
	}
	return v.showSpeaker(p, nil)
}

func (s *Server) describe(v *visit) error {
	p, err := v.speakerPage()
	if err != nil {
		return err
	}
	p.Typed, p.Speakers = service.Described{Title: v.r.FormValue("title"), Abstract: v.r.FormValue("abstract")}, v.r.FormValue("speakers")
	for name := range strings.Lines(strings.ReplaceAll(p.Speakers, "\r\n", "\n")) {
		p.Typed.Speakers = add(p.Typed.Speakers, strings.TrimSpace(name))
	}
	if err := s.office.Describe(v.ctx(), v.person, v.slug(), p.Typed); err != nil {
		return v.showSpeaker(p, err)
	}
	return v.to("/talks/" + v.slug() + "/speaker")
}

// handInCaptions takes a subtitle file, or looks it through, and shows what it found.
func (s *Server) handInCaptions(v *visit) error {
	p, err := v.speakerPage()
	if err != nil {
		return err
	}
	name, data, err := v.file("file")
	if err != nil {
		return v.showSpeaker(p, err)
	}
	p.File, p.Clock, p.Checked = name, v.r.FormValue("clock"), v.r.FormValue("do") == "check"
	done, err := s.office.HandIn(v.ctx(), v.person, v.slug(), service.CaptionFile{
		Name: name, Data: data, Encoding: v.r.FormValue("encoding"), Clock: p.Clock, Check: p.Checked,
	})
	if err != nil {
		return v.showSpeaker(p, err)
	}
	if done.Saved {
		if p, err = v.speakerPage(); err != nil {
			return err
		}
		p.File = name
	}
	p.Handed = &done
	return v.showSpeaker(p, nil)
}

func (s *Server) shift(v *visit) error {
	revision, err := strconv.Atoi(v.r.FormValue("revision"))
	if err == nil {
		_, err = s.office.Shift(v.ctx(), v.person, v.slug(), revision)
	}
	return v.after(err)
}

// after shows the speaker's page once something was done, or what was wrong with it.
func (v *visit) after(err error) error {
	if err == nil {
		return v.to("/talks/" + v.slug() + "/speaker")
	}
	p, pageErr := v.speakerPage()
	if pageErr != nil || inputerr.Of(err) == nil {
		return errors.Join(err, pageErr)
	}
	return v.showSpeaker(p, err)
}

func (s *Server) restoreSource(v *visit) error {
	number, err := strconv.Atoi(v.r.PathValue("revision"))
	if err != nil {
		return catalog.ErrNone
	}
	_, err = s.office.RestoreSource(v.ctx(), v.person, v.slug(), number)
	return v.after(err)
}

// sourceFile is a revision of the subtitles: "3.srt", "0.vtt" being the present one.
func (s *Server) sourceFile(v *visit) error {
	number, format, ok := strings.Cut(v.r.PathValue("file"), ".")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || format != "srt" && format != "vtt" {
		return catalog.ErrNone
	}
	data, err := s.office.WriteSource(v.ctx(), v.person, v.slug(), n, subtitle.Format(format), v.r.URL.Query().Get("clock"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", attachment(fmt.Sprintf("%s.r%d.%s", v.slug(), n, format)))
	h.Set("Cache-Control", "no-store")
	_, err = v.w.Write(data)
	return err
}

func (s *Server) judge(v *visit) error {
	return v.after(s.office.Judge(v.ctx(), v.person, v.slug(), v.r.FormValue("verdict") == catalog.Approved, v.r.FormValue("words")))
}

func (s *Server) release(v *visit) error {
	_, err := s.office.AskRelease(v.ctx(), v.person, v.slug(), v.r.FormValue("without"))
	return v.after(err)
}

func (s *Server) hold(v *visit) error {
	return v.after(s.office.HoldRelease(v.ctx(), v.person, v.slug()))
}
