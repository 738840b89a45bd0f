package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// SubtitleReport is the JSON form of what was found in a subtitle file.
type SubtitleReport struct {
	Saved    bool                  `json:"saved" doc:"A new revision was saved."`
	Same     bool                  `json:"same" doc:"The file equals the current revision."`
	Revision int                   `json:"revision"`
	Clock    string                `json:"clock" enum:"reel,programme"`
	Cues     int                   `json:"cues"`
	Grade    string                `json:"grade" doc:"The readability, A to F."`
	Findings []check.Finding       `json:"findings"`
	Source   conference.SourceFile `json:"source" doc:"The format of the file, and findings of reading it."`
	Notes    []string              `json:"notes"`
	Changed  compare.Counts        `json:"changed" doc:"Changes since the previous revision."`
	Sync     *subsync.Result       `json:"sync,omitempty" doc:"Whether the cues fit the speech; absent until the recordings are analysed."`
	Says     string                `json:"sync_says,omitempty" doc:"The result as a sentence."`
}

func apiSubtitleReport(c service.SubtitleReport) *body[SubtitleReport] {
	h := SubtitleReport{
		Saved: c.Saved, Same: c.Unchanged, Revision: c.Revision, Clock: string(c.Clock), Cues: len(c.Cues), Grade: c.Check.Grade,
		Findings: nonNil(c.Check.Findings), Source: c.Source, Notes: nonNil(c.Omissions), Changed: c.Changed, Sync: c.Sync,
	}
	if c.Sync != nil {
		h.Says = c.Sync.Sentence()
	}
	return &body[SubtitleReport]{h}
}

// SubtitlesResponse is the JSON form of the subtitles in the spoken language.
type SubtitlesResponse struct {
	SubtitleReport
	Revisions []SubtitlesRevision `json:"revisions" doc:"The newest first."`
}

// SubtitlesRevision is one revision of the subtitles in the spoken language.
type SubtitlesRevision struct {
	Number  int            `json:"number"`
	Cues    int            `json:"cues"`
	Changed compare.Counts `json:"changed" doc:"Changes since the previous revision."`
	Present bool           `json:"present"`
	SRT     string         `json:"srt" doc:"The URL of the file, with the times of the recordings; add clock=programme for those of the video."`
}

func (a *api) getSubtitles(ctx context.Context, p access.Person, in *slugInput) (*body[SubtitlesResponse], error) {
	now, err := a.service.Subtitles.Report(ctx, p, in.Slug)
	if err != nil {
		return nil, err
	}
	now.Clock = service.ReelClock
	told := SubtitlesResponse{SubtitleReport: apiSubtitleReport(now).Body, Revisions: []SubtitlesRevision{}}
	revisions, err := a.service.Subtitles.Revisions(ctx, p, in.Slug)
	for _, r := range revisions {
		told.Revisions = append(told.Revisions, SubtitlesRevision{
			Number: r.Number, Cues: r.Cues, Changed: r.Changed, Present: r.Current, SRT: fmt.Sprintf("%s/talks/%s/subtitles/%d.srt", a.url, in.Slug, r.Number),
		})
	}
	return &body[SubtitlesResponse]{told}, err
}

func (a *api) speakerOperations() {
	registerOperation(a, operation{name: "get-subtitles", method: http.MethodGet, path: "/talks/{slug}/subtitles", summary: "Get the findings and the revisions of the subtitles in the spoken language.", act: access.ViewTalk}, a.getSubtitles)
	registerOperation(a, operation{name: "upload-subtitles", method: http.MethodPut, path: "/talks/{slug}/subtitles", summary: "Upload subtitles in the spoken language, or only check them.", act: access.UploadSubtitles}, a.putSubtitles)
	registerOperation(a, operation{name: "shift-subtitles", method: http.MethodPost, path: "/talks/{slug}/subtitles/shift", summary: "Shift the subtitles to fit the sound of the recordings.", act: access.UploadSubtitles}, a.postSync)
	registerOperation(a, operation{name: "restore-subtitles", method: http.MethodPost, path: "/talks/{slug}/subtitles/{revision}/restore", summary: "Restore an earlier revision of the subtitles.", act: access.UploadSubtitles}, a.postRestore)
	registerOperation(a, operation{name: "describe-talk", method: http.MethodPut, path: "/talks/{slug}/description", summary: "Correct the title, the abstract and the speakers of a talk.", act: access.EditTalk}, a.putDescription)
	registerOperation(a, operation{name: "submit-verdict", method: http.MethodPost, path: "/talks/{slug}/verdict", summary: "Approve a talk, or ask for changes.", act: access.ApproveTalk}, a.postVerdict)
	registerOperation(a, operation{name: "request-release", method: http.MethodPost, path: "/talks/{slug}/release", summary: "Release a talk, now or as soon as nothing blocks it.", act: access.ReleaseTalk}, a.postRelease)
	registerOperation(a, operation{name: "cancel-release", method: http.MethodDelete, path: "/talks/{slug}/release", summary: "Cancel the release of a talk.", act: access.ReleaseTalk}, a.deleteRelease)
}

func (a *api) putSubtitles(ctx context.Context, p access.Person, in *struct {
	Slug     string `path:"slug"`
	Name     string `query:"name" default:"subtitles.srt" doc:"The name of the file."`
	Clock    string `query:"clock" enum:"reel,programme" doc:"Whether its times are those of the recordings or of the video; by default those of the video if there is one."`
	Encoding string `query:"encoding" doc:"The character encoding; detected by default."`
	Check    bool   `query:"check" doc:"Only check; save nothing."`
	RawBody  []byte `contentType:"application/octet-stream"`
}) (*body[SubtitleReport], error) {
	done, err := a.service.Subtitles.Upload(ctx, p, in.Slug, service.SubtitleUpload{Name: cleanName(in.Name), Data: in.RawBody, Encoding: in.Encoding, Clock: service.TimeReference(in.Clock), DryRun: in.Check})
	if err != nil {
		return nil, err
	}
	return apiSubtitleReport(done), nil
}

func (a *api) postSync(ctx context.Context, p access.Person, in *struct {
	Slug     string `path:"slug"`
	Revision int    `query:"revision" required:"true" doc:"The revision that the shift was computed for."`
}) (*body[SubtitleReport], error) {
	done, err := a.service.Subtitles.ApplySync(ctx, p, in.Slug, in.Revision)
	return apiSubtitleReport(done), err
}

func (a *api) postRestore(ctx context.Context, p access.Person, in *struct {
	Slug     string `path:"slug"`
	Revision int    `path:"revision"`
}) (*body[SubtitleReport], error) {
	done, err := a.service.Subtitles.Restore(ctx, p, in.Slug, in.Revision)
	return apiSubtitleReport(done), err
}

// TalkDescription is the text about a talk that its speaker may correct.
type TalkDescription struct {
	Title    string   `json:"title" maxLength:"300"`
	Abstract string   `json:"abstract,omitempty"`
	Speakers []string `json:"speakers,omitempty"`
}

func (a *api) putDescription(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
	Body TalkDescription
}) (*struct{}, error) {
	return nil, a.service.Talks.SetDescription(ctx, p, in.Slug, service.TalkDescription(in.Body))
}

// SpeakerReview says whether a speaker approves a talk.
type SpeakerReview struct {
	Approved bool   `json:"approved"`
	Words    string `json:"words,omitempty" doc:"What is wrong, if the talk is not approved."`
}

func (a *api) postVerdict(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
	Body SpeakerReview
}) (*struct{}, error) {
	return nil, a.service.Releases.SubmitVerdict(ctx, p, in.Slug, in.Body.Approved, in.Body.Words)
}

// ReleaseResult says whether a talk was released at once.
type ReleaseResult struct {
	Released bool   `json:"released"`
	Refused  string `json:"refused,omitempty" doc:"Why the talk is not released yet."`
}

func (a *api) postRelease(ctx context.Context, p access.Person, in *struct {
	Slug    string `path:"slug"`
	Without string `query:"without" doc:"The reason to release the talk without a speaker's approval."`
}) (*body[ReleaseResult], error) {
	s, err := a.service.Releases.Request(ctx, p, in.Slug, in.Without)
	if err != nil {
		return nil, err
	}
	var r ReleaseResult
	if s.Request != nil {
		r = ReleaseResult{!s.Request.Released.IsZero(), s.Request.Blocked}
	}
	return &body[ReleaseResult]{r}, nil
}

func (a *api) deleteRelease(ctx context.Context, p access.Person, in *slugInput) (*struct{}, error) {
	return nil, a.service.Releases.Cancel(ctx, p, in.Slug)
}
