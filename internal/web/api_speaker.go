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
	Saved    bool                  `json:"saved" doc:"There is a new revision."`
	Same     bool                  `json:"same" doc:"It says what the present revision says."`
	Revision int                   `json:"revision"`
	Clock    string                `json:"clock" enum:"reel,programme"`
	Cues     int                   `json:"cues"`
	Grade    string                `json:"grade" doc:"How well it reads, A to F."`
	Findings []check.Finding       `json:"findings"`
	Source   conference.SourceFile `json:"source" doc:"What the file was, and what reading it remarked."`
	Notes    []string              `json:"notes"`
	Changed  compare.Counts        `json:"changed" doc:"Against the revision before."`
	Sync     *subsync.Result       `json:"sync,omitempty" doc:"Whether it comes when somebody speaks; absent where nobody has listened yet."`
	Says     string                `json:"sync_says,omitempty" doc:"The same in words."`
}

func apiSubtitleReport(c service.SubtitleReport) *body[SubtitleReport] {
	h := SubtitleReport{c.Saved, c.Unchanged, c.Revision, string(c.Clock), len(c.Cues), c.Check.Grade, nonNil(c.Check.Findings), c.Source, nonNil(c.Omissions), c.Changed, c.Sync, ""}
	if c.Sync != nil {
		h.Says = c.Sync.Sentence()
	}
	return &body[SubtitleReport]{h}
}

// Subtitles is the JSON form of the subtitles in the spoken language.
type Subtitles struct {
	SubtitleReport
	Revisions []SubtitlesRevision `json:"revisions" doc:"The newest first."`
}

// SubtitlesRevision is one revision of the subtitles in the spoken language.
type SubtitlesRevision struct {
	Number  int            `json:"number"`
	Cues    int            `json:"cues"`
	Changed compare.Counts `json:"changed" doc:"Against the one before."`
	Present bool           `json:"present"`
	SRT     string         `json:"srt" doc:"Where it can be had, with the recordings' times; add clock=programme for the film's."`
}

func (a *api) getSubtitles(ctx context.Context, p access.Person, in *slugInput) (*body[Subtitles], error) {
	now, err := a.service.Subtitles.Report(ctx, p, in.Slug)
	if err != nil {
		return nil, err
	}
	now.Clock = service.ReelClock
	told := Subtitles{SubtitleReport: apiSubtitleReport(now).Body, Revisions: []SubtitlesRevision{}}
	revisions, err := a.service.Subtitles.Revisions(ctx, p, in.Slug)
	for _, r := range revisions {
		told.Revisions = append(told.Revisions, SubtitlesRevision{r.Number, r.Cues, r.Changed, r.Current, fmt.Sprintf("%s/talks/%s/subtitles/%d.srt", a.url, in.Slug, r.Number)})
	}
	return &body[Subtitles]{told}, err
}

func (a *api) speakerOperations() {
	register(a, operation{"get-subtitles", http.MethodGet, "/talks/{slug}/subtitles", "Tell how the subtitles in the language that is spoken read and fit, and their revisions.", access.ViewTalk}, a.getSubtitles)
	register(a, operation{"hand-in-subtitles", http.MethodPut, "/talks/{slug}/subtitles", "Hand in subtitles in the language that is spoken, or only have them checked.", access.UploadSubtitles}, a.putSubtitles)
	register(a, operation{"shift-subtitles", http.MethodPost, "/talks/{slug}/subtitles/shift", "Move the subtitles as listening to the recordings has it.", access.UploadSubtitles}, a.postSync)
	register(a, operation{"restore-subtitles", http.MethodPost, "/talks/{slug}/subtitles/{revision}/restore", "Make an earlier revision the present one.", access.UploadSubtitles}, a.postRestore)
	register(a, operation{"describe-talk", http.MethodPut, "/talks/{slug}/description", "Correct what a talk says of itself.", access.EditTalk}, a.putDescription)
	register(a, operation{"judge-talk", http.MethodPost, "/talks/{slug}/verdict", "Approve a talk as it is, or say what is wrong.", access.ApproveTalk}, a.postVerdict)
	register(a, operation{"release-talk", http.MethodPost, "/talks/{slug}/release", "Have a talk released: at once, or as soon as nothing speaks against it.", access.ReleaseTalk}, a.postRelease)
	register(a, operation{"hold-talk", http.MethodDelete, "/talks/{slug}/release", "Take back that a talk is to be released.", access.ReleaseTalk}, a.deleteRelease)
}

func (a *api) putSubtitles(ctx context.Context, p access.Person, in *struct {
	Slug     string `path:"slug"`
	Name     string `query:"name" default:"subtitles.srt" doc:"What the file is called."`
	Clock    string `query:"clock" enum:"reel,programme" doc:"Whose times it has: the recordings', or the film's. Without it, the film's where there is one."`
	Encoding string `query:"encoding" doc:"Overrules what the bytes look like."`
	Check    bool   `query:"check" doc:"Nothing is saved."`
	RawBody  []byte `contentType:"application/octet-stream"`
}) (*body[SubtitleReport], error) {
	done, err := a.service.Subtitles.Upload(ctx, p, in.Slug, service.SubtitleUpload{Name: cleanName(in.Name), Data: in.RawBody, Encoding: in.Encoding, Clock: service.Clock(in.Clock), DryRun: in.Check})
	if err != nil {
		return nil, err
	}
	return apiSubtitleReport(done), nil
}

func (a *api) postSync(ctx context.Context, p access.Person, in *struct {
	Slug     string `path:"slug"`
	Revision int    `query:"revision" required:"true" doc:"For which it was offered."`
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

// Description is the text about a talk that its speaker may correct.
type Description struct {
	Title    string   `json:"title" maxLength:"300"`
	Abstract string   `json:"abstract,omitempty"`
	Speakers []string `json:"speakers,omitempty"`
}

func (a *api) putDescription(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
	Body Description
}) (*struct{}, error) {
	return nil, a.service.Talks.SetDescription(ctx, p, in.Slug, service.TalkDescription(in.Body))
}

// Verdict says whether a speaker approves a talk.
type Verdict struct {
	Approved bool   `json:"approved"`
	Words    string `json:"words,omitempty" doc:"What is wrong, if it is not approved."`
}

func (a *api) postVerdict(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
	Body Verdict
}) (*struct{}, error) {
	return nil, a.service.Releases.SubmitVerdict(ctx, p, in.Slug, in.Body.Approved, in.Body.Words)
}

// ReleaseResult says whether a talk was released at once.
type ReleaseResult struct {
	Released bool   `json:"released"`
	Refused  string `json:"refused,omitempty" doc:"Why it is not yet."`
}

func (a *api) postRelease(ctx context.Context, p access.Person, in *struct {
	Slug    string `path:"slug"`
	Without string `query:"without" doc:"Why no speaker has to approve it."`
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
