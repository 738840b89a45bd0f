package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
)

// Translation is the JSON form of the progress of a translation.
type Translation struct {
	Talk     string               `json:"talk" doc:"The slug of the talk."`
	Language string               `json:"language" doc:"BCP 47."`
	Revision int                  `json:"revision" doc:"The latest revision; 0 if there is none."`
	Source   int                  `json:"source_revision" doc:"The source revision that it translates."`
	State    translation.State    `json:"state"`
	Progress translation.Progress `json:"progress" doc:"Counts of source cues."`
	Who      string               `json:"who,omitempty" doc:"The author of the revision."`
	Why      string               `json:"why,omitempty"`
	At       *time.Time           `json:"at,omitempty"`
	Claim    *service.Claim       `json:"claim,omitempty" doc:"The claim in force."`
}

func apiTranslation(h translation.Revision, claim *service.Claim) Translation {
	p := h.Progress()
	return Translation{Talk: h.Slug, Language: h.Language, Revision: h.Number, Source: h.Source.Revision, State: p.State(),
		Progress: p, Who: h.Who, Why: h.Why, At: optionalTime(h.At), Claim: claim}
}

func apiTranslations(all []service.Translation) *body[[]Translation] {
	list := []Translation{}
	for _, t := range all {
		list = append(list, apiTranslation(t.Revision, t.Claim))
	}
	return &body[[]Translation]{list}
}

// TranslationInput names a translation in the path of an operation.
type TranslationInput struct {
	Slug     string `path:"slug"`
	Language string `path:"language" doc:"BCP 47."`
}

func (a *api) translationOperations() {
	const one = "/talks/{slug}/translations/{language}"
	registerOperation(a, operation{name: "get-glossary", method: http.MethodGet, path: "/glossary", summary: "Get the conference's glossary.", act: access.Enter}, a.translationGlossary)
	registerOperation(a, operation{name: "set-glossary", method: http.MethodPut, path: "/glossary", summary: "Set the conference's glossary.", act: access.ManageConference}, a.setGlossary)
	registerOperation(a, operation{name: "list-translations", method: http.MethodGet, path: "/talks/{slug}/translations", summary: "List the translations of a talk with their progress.", act: access.ViewTalk}, a.listTranslations)
	registerOperation(a, operation{name: "list-reviews", method: http.MethodGet, path: "/review/{language}", summary: "List all translations into a language, those in review first.", act: access.ReviewTranslation}, a.listReviews)
	registerOperation(a, operation{name: "get-translation", method: http.MethodGet, path: one, summary: "Get the progress of a translation.", act: access.Translate}, a.showTranslation)
	registerOperation(a, operation{name: "list-translation-tasks", method: http.MethodGet, path: one + "/tasks", summary: "List the texts that are left to translate or to check again.", act: access.Translate}, a.translationTasks)
	registerOperation(a, operation{name: "export-translation", method: http.MethodGet, path: one + "/file", summary: "Download a translation as a file for translators.", act: access.Translate}, a.exportTranslation)
	registerOperation(a, operation{name: "upload-translation", method: http.MethodPost, path: one, summary: "Upload a translated file: PO, XLIFF, CSV or subtitles.", act: access.Translate}, a.uploadTranslationFile)
	registerOperation(a, operation{name: "claim-translation", method: http.MethodPut, path: one + "/claim", summary: "Claim a translation. The response names who holds the claim.", act: access.Translate}, a.claimTranslation)
	registerOperation(a, operation{name: "unclaim-translation", method: http.MethodDelete, path: one + "/claim", summary: "Give up the claim to a translation.", act: access.Translate}, a.unclaimTranslation)
	registerOperation(a, operation{name: "submit-translation", method: http.MethodPost, path: one + "/review", summary: "Submit all drafts for review.", act: access.Translate}, a.submitForReview)
	registerOperation(a, operation{name: "approve-translation", method: http.MethodPost, path: one + "/approve", summary: "Approve what is in review, except your own texts.", act: access.ReviewTranslation}, a.approveTranslation)
	registerOperation(a, operation{name: "send-back-translation", method: http.MethodPost, path: one + "/send-back", summary: "Send back what is in review or approved, with a note.", act: access.ReviewTranslation}, a.sendBackTranslation)
	registerOperation(a, operation{name: "list-translation-revisions", method: http.MethodGet, path: one + "/revisions", summary: "List the revisions of a translation, the newest first.", act: access.Translate}, a.translationRevisions)
	registerOperation(a, operation{name: "restore-translation", method: http.MethodPost, path: one + "/restore", summary: "Restore an earlier revision of a translation.", act: access.ReviewTranslation}, a.restoreTranslation)
}

// Glossary is the JSON form of the conference's glossary.
type Glossary struct {
	Name string `json:"name" doc:"The name of the file, for messages."`
	Text string `json:"text" doc:"CSV with the column term and one column for each language; empty if there is no glossary."`
}

func (a *api) translationGlossary(ctx context.Context, p access.Person, _ *struct{}) (*body[Glossary], error) {
	f, _, err := a.service.Translations.Glossary(ctx, p)
	return &body[Glossary]{Glossary(f)}, err
}

func (a *api) setGlossary(ctx context.Context, p access.Person, in *body[Glossary]) (*struct{}, error) {
	return nil, a.service.Translations.SetGlossary(ctx, p, service.GlossaryFile(in.Body))
}

func (a *api) listTranslations(ctx context.Context, p access.Person, in *struct {
	Slug string `path:"slug"`
}) (*body[[]Translation], error) {
	all, err := a.service.Translations.List(ctx, p, in.Slug)
	return apiTranslations(all), err
}

func (a *api) listReviews(ctx context.Context, p access.Person, in *struct {
	Language string `path:"language"`
}) (*body[[]Translation], error) {
	all, err := a.service.Translations.ReviewQueue(ctx, p, in.Language)
	list := []Translation{}
	for _, s := range all {
		list = append(list, Translation{Talk: s.Slug, Language: s.Language, Revision: s.Number, Source: s.Source, State: s.Progress.State(),
			Progress: s.Progress, Who: s.Who, Why: s.Why, At: optionalTime(s.At), Claim: s.Claim})
	}
	return &body[[]Translation]{list}, err
}

func (a *api) showTranslation(ctx context.Context, p access.Person, in *TranslationInput) (*body[Translation], error) {
	t, err := a.service.Translations.Get(ctx, p, in.Slug, in.Language, 0)
	if err != nil {
		return nil, err
	}
	return &body[Translation]{apiTranslation(t.Revision, t.Claim)}, nil
}

func (a *api) translationTasks(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Suggest bool `query:"suggest" doc:"Include earlier translations of similar texts."`
}) (*body[[]service.TranslationTask], error) {
	tasks, err := a.service.Translations.Tasks(ctx, p, in.Slug, in.Language, in.Suggest)
	return &body[[]service.TranslationTask]{tasks}, err
}

func (a *api) exportTranslation(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Format   string `query:"format" enum:"srt,vtt,po,xliff,xliff-1.2,csv" default:"po"`
	Revision int    `query:"revision" minimum:"0" doc:"The revision; 0 is the latest."`
	Profile  string `query:"profile" doc:"The reading speed profile; by default the one of the language."`
	Title    string `query:"title" doc:"The title of the talk in the file; by default its own."`
}) (*huma.StreamResponse, error) {
	name, data, err := a.service.Translations.File(ctx, p, in.Slug, in.Language, service.TranslationExport{
		Format: in.Format, Revision: in.Revision, Profile: in.Profile, Title: in.Title,
	})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", "application/octet-stream")
		c.SetHeader("Content-Disposition", attachment(name))
		if _, err := c.BodyWriter().Write(data); err != nil {
			a.log.Debug("send a translation", "err", err)
		}
	}}, nil
}

// TranslationUploadResult is the JSON form of what became of an uploaded translation.
type TranslationUploadResult struct {
	Translation Translation               `json:"translation"`
	Saved       bool                      `json:"saved" doc:"A new revision was saved."`
	Changed     int                       `json:"changed" doc:"The number of changed texts."`
	Verdict     translation.QualityReport `json:"verdict"`
	Remarks     []subtitle.Diagnostic     `json:"remarks" doc:"Findings of reading the file."`
	Lost        []translation.CueLine     `json:"lost" doc:"Translations that match no source text. They are left out."`
	Unkept      []translation.CueLine     `json:"unkept" doc:"Notes on texts that are not translated. They are left out."`
	Unmatched   int                       `json:"unmatched" doc:"Cues that match nothing in the source. They are kept as they are."`
	Claim       *service.Claim            `json:"claim,omitempty" doc:"Another person's claim."`
}

func (a *api) uploadTranslationFile(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Name     string `query:"name" required:"true" doc:"The name of the file, for messages. Names of exported files say which revision they hold."`
	Base     int    `query:"base" minimum:"0" doc:"The revision that the file was made from; by default as the file or its name says."`
	Why      string `query:"why" maxLength:"2000" doc:"A comment for the history."`
	Encoding string `query:"encoding" doc:"The character encoding; detected by default."`
	Times    string `query:"times" enum:"recording,video" default:"recording" doc:"Whether its times are those of the recordings or of the video."`
	OnTop    bool   `query:"on_top" doc:"Apply the changes to the latest revision even if others changed the translation."`
	Check    bool   `query:"check" doc:"Only check; save nothing."`
	RawBody  []byte `contentType:"application/octet-stream"`
}) (*body[TranslationUploadResult], error) {
	r, err := a.service.Translations.Upload(ctx, p, in.Slug, in.Language, service.TranslationUpload{
		Name: in.Name, Data: in.RawBody, Encoding: in.Encoding, Base: in.Base, Why: in.Why,
		InProgrammeTime: in.Times == "video", Rebase: in.OnTop, DryRun: in.Check,
	})
	if err != nil {
		return nil, err
	}
	return &body[TranslationUploadResult]{TranslationUploadResult{
		Translation: apiTranslation(r.Translation, nil), Saved: r.Saved, Changed: len(r.Changed), Verdict: r.Quality,
		Remarks: append([]subtitle.Diagnostic{}, r.Diagnostics...), Lost: append([]translation.CueLine{}, r.Unmatched...),
		Unkept: append([]translation.CueLine{}, r.IgnoredNotes...), Unmatched: r.CountUnlinked(), Claim: r.Claim,
	}}, nil
}

func (a *api) claimTranslation(ctx context.Context, p access.Person, in *TranslationInput) (*body[service.Claim], error) {
	c, err := a.service.Translations.Claim(ctx, p, in.Slug, in.Language)
	return &body[service.Claim]{c}, err
}

func (a *api) unclaimTranslation(ctx context.Context, p access.Person, in *TranslationInput) (*struct{}, error) {
	return nil, a.service.Translations.Unclaim(ctx, p, in.Slug, in.Language)
}

func (a *api) submitForReview(ctx context.Context, p access.Person, in *TranslationInput) (*body[Translation], error) {
	h, _, err := a.service.Translations.SubmitForReview(ctx, p, in.Slug, in.Language)
	return &body[Translation]{apiTranslation(h, nil)}, err
}

func (a *api) approveTranslation(ctx context.Context, p access.Person, in *TranslationInput) (*body[Translation], error) {
	h, err := a.service.Translations.Approve(ctx, p, in.Slug, in.Language)
	return &body[Translation]{apiTranslation(h, nil)}, err
}

func (a *api) sendBackTranslation(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Body struct {
		Cue  string `json:"cue,omitempty" doc:"The id of a source cue, to send back only its translation; by default all."`
		Note string `json:"note" minLength:"1" maxLength:"2000"`
	}
}) (*body[Translation], error) {
	h, _, err := a.service.Translations.SendBack(ctx, p, in.Slug, in.Language, in.Body.Cue, in.Body.Note)
	return &body[Translation]{apiTranslation(h, nil)}, err
}

func (a *api) translationRevisions(ctx context.Context, p access.Person, in *TranslationInput) (*body[[]service.TranslationRecord], error) {
	all, err := a.service.Translations.Revisions(ctx, p, in.Slug, in.Language)
	return &body[[]service.TranslationRecord]{append([]service.TranslationRecord{}, all...)}, err
}

func (a *api) restoreTranslation(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Body struct {
		Revision int `json:"revision" minimum:"1"`
	}
}) (*body[Translation], error) {
	h, err := a.service.Translations.Restore(ctx, p, in.Slug, in.Language, in.Body.Revision)
	return &body[Translation]{apiTranslation(h, nil)}, err
}
