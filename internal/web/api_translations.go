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
	Talk     string               `json:"talk" doc:"Its slug."`
	Language string               `json:"language" doc:"BCP 47."`
	Revision int                  `json:"revision" doc:"0: nothing was handed in yet."`
	Source   int                  `json:"source_revision" doc:"The revision of the source that it is held against."`
	State    translation.State    `json:"state"`
	Progress translation.Progress `json:"progress" doc:"In cues of the source."`
	Who      string               `json:"who,omitempty" doc:"Made the revision."`
	Why      string               `json:"why,omitempty"`
	At       *time.Time           `json:"at,omitempty"`
	Claim    *service.Claim       `json:"claim,omitempty" doc:"Who is at it."`
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
	register(a, operation{"show-glossary", http.MethodGet, "/glossary", "Get the conference's glossary.", access.Enter}, a.glossary)
	register(a, operation{"set-glossary", http.MethodPut, "/glossary", "Set the conference's glossary.", access.ManageConference}, a.setGlossary)
	register(a, operation{"list-translations", http.MethodGet, "/talks/{slug}/translations", "Say how far the translations of a talk have come.", access.ViewTalk}, a.listTranslations)
	register(a, operation{"list-reviews", http.MethodGet, "/review/{language}", "List all translations into a language, those in review first.", access.ReviewTranslation}, a.listReviews)
	register(a, operation{"show-translation", http.MethodGet, one, "Say how far a translation has come.", access.Translate}, a.showTranslation)
	register(a, operation{"list-translation-tasks", http.MethodGet, one + "/tasks", "List what is left to translate and to look at again.", access.Translate}, a.translationTasks)
	register(a, operation{"export-translation", http.MethodGet, one + "/file", "Get a translation as a file for translators.", access.Translate}, a.exportTranslation)
	register(a, operation{"hand-in-translation", http.MethodPost, one, "Hand in a translated file: PO, XLIFF, CSV or subtitles.", access.Translate}, a.uploadTranslationFile)
	register(a, operation{"claim-translation", http.MethodPut, one + "/claim", "Say that one is at a translation; the answer is who is.", access.Translate}, a.claim)
	register(a, operation{"unclaim-translation", http.MethodDelete, one + "/claim", "Say that one is not at a translation any more.", access.Translate}, a.unclaim)
	register(a, operation{"review-translation", http.MethodPost, one + "/review", "Hand all drafts in for review.", access.Translate}, a.submitForReview)
	register(a, operation{"approve-translation", http.MethodPost, one + "/approve", "Approve what is in review in others' words.", access.ReviewTranslation}, a.approve)
	register(a, operation{"send-back-translation", http.MethodPost, one + "/send-back", "Send back what is in review or approved, and say why.", access.ReviewTranslation}, a.sendBack)
	register(a, operation{"list-translation-revisions", http.MethodGet, one + "/revisions", "List the revisions of a translation, the last one first.", access.Translate}, a.revisions)
	register(a, operation{"restore-translation", http.MethodPost, one + "/restore", "Make an earlier revision the present one.", access.ReviewTranslation}, a.restore)
}

// Glossary is the JSON form of the conference's glossary.
type Glossary struct {
	Name string `json:"name" doc:"Of the file, for messages."`
	Text string `json:"text" doc:"CSV with the column term, and one for each language; empty: there is none."`
}

func (a *api) glossary(ctx context.Context, p access.Person, _ *struct{}) (*body[Glossary], error) {
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
	Suggest bool `query:"suggest" doc:"With earlier translations of a like text."`
}) (*body[[]service.TranslationTask], error) {
	tasks, err := a.service.Translations.Tasks(ctx, p, in.Slug, in.Language, in.Suggest)
	return &body[[]service.TranslationTask]{tasks}, err
}

func (a *api) exportTranslation(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Format   string `query:"format" enum:"srt,vtt,po,xliff,xliff-1.2,csv" default:"po"`
	Revision int    `query:"revision" minimum:"0" doc:"0 is the last."`
	Profile  string `query:"profile" doc:"Whose rules say how much can be read; those for the language by default."`
	Title    string `query:"title" doc:"The talk's title, for translators; its own by default."`
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

// Receipt is the JSON form of what became of an uploaded translation.
type Receipt struct {
	Translation Translation               `json:"translation"`
	Saved       bool                      `json:"saved" doc:"There is a new revision."`
	Changed     int                       `json:"changed" doc:"Places that are different."`
	Verdict     translation.QualityReport `json:"verdict"`
	Remarks     []subtitle.Diagnostic     `json:"remarks" doc:"On reading the file."`
	Lost        []translation.CueLine     `json:"lost" doc:"What fits nothing, and is left out."`
	Unkept      []translation.CueLine     `json:"unkept" doc:"Notes on what is not translated, which are not kept."`
	Unmatched   int                       `json:"unmatched" doc:"Cues that match nothing in the source. They are kept as they are."`
	Claim       *service.Claim            `json:"claim,omitempty" doc:"Of somebody else."`
}

func (a *api) uploadTranslationFile(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Name     string `query:"name" required:"true" doc:"Of the file, for messages; one of ours says of which revision it was made."`
	Base     int    `query:"base" minimum:"0" doc:"The revision that it was made from. By default the file says it, or its name."`
	Why      string `query:"why" maxLength:"2000" doc:"What was done, for the history."`
	Encoding string `query:"encoding" doc:"If the guess is wrong."`
	Times    string `query:"times" enum:"recording,video" default:"recording" doc:"Whose times the file has."`
	OnTop    bool   `query:"on_top" doc:"Change what the file changes although somebody else changed the translation meanwhile."`
	Check    bool   `query:"check" doc:"Save nothing."`
	RawBody  []byte `contentType:"application/octet-stream"`
}) (*body[Receipt], error) {
	r, err := a.service.Translations.Upload(ctx, p, in.Slug, in.Language, service.TranslationUpload{
		Name: in.Name, Data: in.RawBody, Encoding: in.Encoding, Base: in.Base, Why: in.Why,
		InProgrammeTime: in.Times == "video", Rebase: in.OnTop, DryRun: in.Check,
	})
	if err != nil {
		return nil, err
	}
	return &body[Receipt]{Receipt{
		Translation: apiTranslation(r.Translation, nil), Saved: r.Saved, Changed: len(r.Changed), Verdict: r.Quality,
		Remarks: append([]subtitle.Diagnostic{}, r.Diagnostics...), Lost: append([]translation.CueLine{}, r.Unmatched...),
		Unkept: append([]translation.CueLine{}, r.IgnoredNotes...), Unmatched: r.CountUnlinked(), Claim: r.Claim,
	}}, nil
}

func (a *api) claim(ctx context.Context, p access.Person, in *TranslationInput) (*body[service.Claim], error) {
	c, err := a.service.Translations.Claim(ctx, p, in.Slug, in.Language)
	return &body[service.Claim]{c}, err
}

func (a *api) unclaim(ctx context.Context, p access.Person, in *TranslationInput) (*struct{}, error) {
	return nil, a.service.Translations.Unclaim(ctx, p, in.Slug, in.Language)
}

func (a *api) submitForReview(ctx context.Context, p access.Person, in *TranslationInput) (*body[Translation], error) {
	h, _, err := a.service.Translations.SubmitForReview(ctx, p, in.Slug, in.Language)
	return &body[Translation]{apiTranslation(h, nil)}, err
}

func (a *api) approve(ctx context.Context, p access.Person, in *TranslationInput) (*body[Translation], error) {
	h, err := a.service.Translations.Approve(ctx, p, in.Slug, in.Language)
	return &body[Translation]{apiTranslation(h, nil)}, err
}

func (a *api) sendBack(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Body struct {
		Cue  string `json:"cue,omitempty" doc:"The id of a source cue: only its translation. Otherwise all."`
		Note string `json:"note" minLength:"1" maxLength:"2000"`
	}
}) (*body[Translation], error) {
	h, _, err := a.service.Translations.SendBack(ctx, p, in.Slug, in.Language, in.Body.Cue, in.Body.Note)
	return &body[Translation]{apiTranslation(h, nil)}, err
}

func (a *api) revisions(ctx context.Context, p access.Person, in *TranslationInput) (*body[[]service.TranslationRecord], error) {
	all, err := a.service.Translations.Revisions(ctx, p, in.Slug, in.Language)
	return &body[[]service.TranslationRecord]{append([]service.TranslationRecord{}, all...)}, err
}

func (a *api) restore(ctx context.Context, p access.Person, in *struct {
	TranslationInput
	Body struct {
		Revision int `json:"revision" minimum:"1"`
	}
}) (*body[Translation], error) {
	h, err := a.service.Translations.Restore(ctx, p, in.Slug, in.Language, in.Body.Revision)
	return &body[Translation]{apiTranslation(h, nil)}, err
}
