package web

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// speakerRoutes returns the routes of a speaker's page: the talk's description, subtitles, verdict
// and release.
func (s *Server) speakerRoutes() []route {
	return []route{
		{"GET /talks/{slug}/speaker", access.ViewTalk, s.speaker},
		{"POST /talks/{slug}/describe", access.EditTalk, s.setDescription},
		{"POST /talks/{slug}/subtitles", access.UploadSubtitles, s.uploadSubtitles},
		{"POST /talks/{slug}/subtitles/shift", access.UploadSubtitles, s.applySync},
		{"POST /talks/{slug}/subtitles/{revision}/restore", access.UploadSubtitles, s.restoreSubtitles},
		{"GET /talks/{slug}/subtitles/{file}", access.ViewTalk, s.subtitleFile},
		{"POST /talks/{slug}/verdict", access.ApproveTalk, s.submitVerdict},
		{"POST /talks/{slug}/release", access.ReleaseTalk, s.requestRelease},
		{"POST /talks/{slug}/hold", access.ReleaseTalk, s.cancelRelease},
	}
}

// speakerPage is the data of speaker.html.
type speakerPage struct {
	Summary   service.TalkSummary
	Talk      conference.Talk
	Player    *service.Playback       // nil: no video yet
	Subtitles *service.SubtitleReport // the current ones; nil: none
	Uploaded  *service.SubtitleReport // of the file that was just uploaded or checked; nil: none
	DryRun    bool                    // the file was only checked
	File      string
	Findings  []captionFinding // of ShownReport
	Hidden    int              // number of findings that are not shown
	Revisions []service.SubtitleRevision
	Release   service.ReleaseStatus
	Form      service.TalkDescription
	Speakers  string
	Clock     service.TimeReference // selected in the form
}

// captionFinding is a finding with the cue that it is about.
type captionFinding struct {
	check.Finding
	At   time.Duration // in the video, or in reel time where there is none
	Seek string        // in seconds, for the player; "": not in the video
	Text string
}

func (v *request) newSpeakerPage() (p speakerPage, err error) {
	slug := v.slug()
	talk, err := v.service.Talks.Details(v.ctx(), v.person, slug)
	if err != nil {
		return p, err
	}
	p.Summary, p.Talk = talk.TalkSummary, talk.Facts.Talk
	p.Form, p.Speakers = service.TalkDescription{Title: p.Talk.Title, Abstract: p.Talk.Abstract}, strings.Join(p.Talk.Speakers, "\n")
	p.Clock = service.ReelClock
	play, err := v.service.Bundles.Playback(v.ctx(), v.person, slug)
	switch {
	case err == nil:
		p.Player, p.Clock = &play, service.ProgrammeClock
	case !errors.Is(err, service.ErrNotFound):
		return p, err
	}
	now, err := v.service.Subtitles.Report(v.ctx(), v.person, slug)
	switch {
	case err == nil:
		p.Subtitles = &now
	case !errors.Is(err, service.ErrNotFound):
		return p, err
	}
	if p.Revisions, err = v.service.Subtitles.Revisions(v.ctx(), v.person, slug); err != nil {
		return p, err
	}
	p.Release, err = v.service.Releases.Status(v.ctx(), v.person, slug)
	return p, err
}

// ShownReport returns the report whose findings the page shows: that of the file that was just
// uploaded, else that of the current subtitles. It returns nil if there are neither.
func (p speakerPage) ShownReport() *service.SubtitleReport {
	if p.Uploaded != nil {
		return p.Uploaded
	}
	return p.Subtitles
}

// addFindings adds the findings of the shown report to p, with the cues that they are about. They
// are ordered by severity, the most severe first, and limited to maxFindings.
func (v *request) addFindings(p *speakerPage) error {
	shown := p.ShownReport()
	if shown == nil {
		return nil
	}
	at, err := v.service.Bundles.ProgrammeTimes(v.ctx(), v.person, v.slug())
	if err != nil {
		return err
	}
	for _, f := range shown.Check.Findings {
		if f.Cue < 1 || f.Cue > len(shown.Cues) {
			continue
		}
		cue := shown.Cues[f.Cue-1]
		one := captionFinding{Finding: f, At: cue.Start, Text: cue.Text}
		if t, ok := at(cue); ok {
			one.At, one.Seek = t, strconv.FormatFloat(t.Seconds(), 'f', 3, 64)
		}
		p.Findings = append(p.Findings, one)
	}
	slices.SortStableFunc(p.Findings, func(a, b captionFinding) int { return b.Severity.Rank() - a.Severity.Rank() })
	if n := len(p.Findings); n > maxFindings {
		p.Findings, p.Hidden = p.Findings[:maxFindings], n-maxFindings
	}
	return nil
}

// CanApplySync reports whether the current subtitles were compared with the sound and found out of
// sync.
func (p speakerPage) CanApplySync() bool {
	c := p.Subtitles
	return c != nil && c.Sync != nil && c.Sync.Verdict != subsync.InSync && c.Sync.Verdict != subsync.CannotTell
}

func (v *request) renderSpeaker(p speakerPage, problem error) error {
	if err := v.addFindings(&p); err != nil {
		return err
	}
	if problem != nil {
		return v.renderInvalid("speaker.html", p, problem)
	}
	return v.render("speaker.html", p)
}

func (s *Server) speaker(v *request) error {
	p, err := v.newSpeakerPage()
	if err != nil {
		return err
	}
	return v.renderSpeaker(p, nil)
}

func (s *Server) setDescription(v *request) error {
	p, err := v.newSpeakerPage()
	if err != nil {
		return err
	}
	p.Form, p.Speakers = service.TalkDescription{Title: v.r.FormValue("title"), Abstract: v.r.FormValue("abstract")}, v.r.FormValue("speakers")
	for name := range strings.Lines(strings.ReplaceAll(p.Speakers, "\r\n", "\n")) {
		p.Form.Speakers = appendUnique(p.Form.Speakers, strings.TrimSpace(name))
	}
	if err := s.service.Talks.SetDescription(v.ctx(), v.person, v.slug(), p.Form); err != nil {
		return v.renderSpeaker(p, err)
	}
	return v.redirect("/talks/" + v.slug() + "/speaker")
}

// uploadSubtitles saves the subtitle file in the form, or only checks it if the button "check" was
// pressed, and shows the findings.
func (s *Server) uploadSubtitles(v *request) error {
	p, err := v.newSpeakerPage()
	if err != nil {
		return err
	}
	name, data, err := v.formFile("file")
	if err != nil {
		return v.renderSpeaker(p, err)
	}
	p.File, p.Clock, p.DryRun = name, service.TimeReference(v.r.FormValue("clock")), v.r.FormValue("do") == "check"
	done, err := s.service.Subtitles.Upload(v.ctx(), v.person, v.slug(), service.SubtitleUpload{
		Name: name, Data: data, Encoding: v.r.FormValue("encoding"), Clock: p.Clock, DryRun: p.DryRun,
	})
	if err != nil {
		return v.renderSpeaker(p, err)
	}
	if done.Saved {
		if p, err = v.newSpeakerPage(); err != nil {
			return err
		}
		p.File = name
	}
	p.Uploaded = &done
	return v.renderSpeaker(p, nil)
}

func (s *Server) applySync(v *request) error {
	revision, err := strconv.Atoi(v.r.FormValue("revision"))
	if err != nil {
		return service.ErrNotFound
	}
	_, err = s.service.Subtitles.ApplySync(v.ctx(), v.person, v.slug(), revision)
	return v.finishSpeakerAction(err)
}

// finishSpeakerAction responds to a form of the speaker's page: it redirects to the page if err is
// nil, and shows the page with err if that is an input error. Other errors are returned.
func (v *request) finishSpeakerAction(err error) error {
	if err == nil {
		return v.redirect("/talks/" + v.slug() + "/speaker")
	}
	p, pageErr := v.newSpeakerPage()
	if pageErr != nil || inputerr.As(err) == nil {
		return errors.Join(err, pageErr)
	}
	return v.renderSpeaker(p, err)
}

func (s *Server) restoreSubtitles(v *request) error {
	number, err := strconv.Atoi(v.r.PathValue("revision"))
	if err != nil {
		return service.ErrNotFound
	}
	_, err = s.service.Subtitles.Restore(v.ctx(), v.person, v.slug(), number)
	return v.finishSpeakerAction(err)
}

// subtitleFile serves a revision of the subtitles in the spoken language. The file in the path is
// its number and format, such as "3.srt"; number 0 is the current revision. The query
// clock=programme selects the times of the video.
func (s *Server) subtitleFile(v *request) error {
	number, format, ok := strings.Cut(v.r.PathValue("file"), ".")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || format != "srt" && format != "vtt" {
		return service.ErrNotFound
	}
	data, err := s.service.Subtitles.File(v.ctx(), v.person, v.slug(), n, subtitle.Format(format), service.TimeReference(v.r.URL.Query().Get("clock")))
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

func (s *Server) submitVerdict(v *request) error {
	return v.finishSpeakerAction(s.service.Releases.SubmitVerdict(v.ctx(), v.person, v.slug(), service.Verdict(v.r.FormValue("verdict")) == service.ReviewApproved, v.r.FormValue("words")))
}

func (s *Server) requestRelease(v *request) error {
	_, err := s.service.Releases.Request(v.ctx(), v.person, v.slug(), v.r.FormValue("without"))
	return v.finishSpeakerAction(err)
}

func (s *Server) cancelRelease(v *request) error {
	return v.finishSpeakerAction(s.service.Releases.Cancel(v.ctx(), v.person, v.slug()))
}
