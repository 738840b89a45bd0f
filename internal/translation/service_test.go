package translation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// newService returns a service on a new catalog with one talk and this source.
func newService(t testing.TB, source []conference.Cue) Service {
	t.Helper()
	books, err := catalog.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { books.Close() })
	d := Service{Catalog: books}
	d.saveSource(t, source)
	return d
}

// saveSource saves a revision of the source.
func (d Service) saveSource(t testing.TB, source []conference.Cue) {
	t.Helper()
	_, err := d.Catalog.Save(t.Context(), "ada", catalog.Submission{Facts: conference.Facts{
		Talk:   conference.Talk{Slug: "light", Language: "en"},
		Tracks: []conference.Track{{Language: "en", Kind: conference.Authored, State: conference.TrackApproved, Cues: source}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func mustRevision(h Revision, err error) func(testing.TB) Revision {
	return func(t testing.TB) Revision {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
}

func TestService_DraftToApproved(t *testing.T) {
	ctx, d := t.Context(), newService(t, translationtest.English)
	mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish[:3], 0, "rosa", "handed in"))(t)
	mustRevision(d.SubmitForReview(ctx, "light", "es", "rosa"))(t)
	if _, err := d.Approve(ctx, "light", "es", "rosa"); inputerr.As(err) == nil {
		t.Errorf("she approved her own words: %v", err)
	}
	h := mustRevision(d.Approve(ctx, "light", "es", "juan"))(t)
	if p := h.Progress(); p.Approved != 3 || p.Untranslated != 1 {
		t.Errorf("it came to %+v", p)
	}
	// With one cue added and one changed, the rest stays approved.
	again := slices.Clone(translationtest.Spanish)
	again[0].Text = "¡Buenos días a todos!"
	h = mustRevision(d.ImportSubtitles(ctx, "light", "es", again, 0, "rosa", "the end, too"))(t)
	if got, want := cueStates(h.Cues), []State{Draft, Approved, Approved, Draft}; !slices.Equal(got, want) {
		t.Errorf("then it was %v, want %v", got, want)
	}
	h = mustRevision(d.SendBack(ctx, "light", "es", h.Cues[1].SourceIDs[0], "juan", "too long"))(t)
	if c := h.Cues[1]; c.State != Draft || len(c.Notes) != 1 || c.Notes[0] != (Note{"juan", "too long"}) {
		t.Errorf("sent back, the cue was %+v", c)
	}
}

// A translator cannot overwrite changes that they have not seen.
func TestService_ConflictOfTwoTranslators(t *testing.T) {
	ctx, d := t.Context(), newService(t, translationtest.English)
	first := mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish, 0, "rosa", "handed in"))(t)
	mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish[:3], first.Number, "juan", "the end was wrong"))(t)
	_, err := d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish[1:], first.Number, "rosa", "the beginning was wrong")
	var conflict *catalog.Conflict
	if !errors.As(err, &conflict) || conflict.Base != 1 || conflict.Last.Who != "juan" {
		t.Fatalf("hers was taken: %v", err)
	}
	if _, err = d.ImportSubtitles(ctx, "light", "es", translationtest.Cues("Hola.", "Adiós."), 0, "juan", "all anew"); !errors.As(err, &conflict) || conflict.Last.Number != 2 {
		t.Errorf("his, made of nobody knows what, replaced her words: %v", err)
	}
	h := mustRevision(d.Restore(ctx, "light", "es", 1, "rosa"))(t)
	if h.Number != 3 || len(h.Cues) != 4 || h.Cues[3].ID != first.Cues[3].ID {
		t.Errorf("restored, it is %+v", h)
	}
}

func TestUpdateToSource(t *testing.T) {
	ctx, d := t.Context(), newService(t, translationtest.English)
	mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish, 0, "rosa", "handed in"))(t)
	changed := slices.Clone(translationtest.English)
	changed[1].Text = "Begin at the start of it."
	d.saveSource(t, changed)
	reports, err := d.UpdateToSource(ctx, "light")
	if err != nil || len(reports["es"].NeedsEditing) != 1 {
		t.Fatalf("%v, %+v", err, reports)
	}
	if reports, err = d.UpdateToSource(ctx, "light"); err != nil || len(reports) > 0 {
		t.Errorf("a second time there was something to do: %v, %+v", err, reports)
	}
	h := mustRevision(d.Load(ctx, "light", "es", 0))(t)
	if got := ReleasedCues(h.Cues, Draft); len(got) != 3 {
		t.Errorf("a release would have %d cues, want the three that are right", len(got))
	}
	if h.Who != "lectern" || h.Source.Revision != 2 {
		t.Errorf("revision %d is by %s, against revision %d of the source", h.Number, h.Who, h.Source.Revision)
	}
}

// BenchmarkUpdateToSource updates twelve translations of a tutorial of three hours after an
// edit.
func BenchmarkUpdateToSource(b *testing.B) {
	var source []conference.Cue
	for n := range 4000 {
		at := time.Duration(n) * 2700 * time.Millisecond
		source = append(source, conference.Cue{ID: fmt.Sprintf("c%04d", n+1), Start: at, End: at + 2500*time.Millisecond,
			Text: fmt.Sprintf("Then we look at step %d of it\nand see what %x does there.", n/3, n*7919)})
	}
	d := newService(b, source)
	for n := range 12 {
		target := slices.Clone(source)
		for i := range target {
			target[i].Text = fmt.Sprintf("Luego miramos el paso %d\ny lo que hace %x allí (%d).", i/3, i*7919, n)
		}
		mustRevision(d.ImportSubtitles(context.Background(), "light", []string{"es", "fr", "de", "it", "pt", "ja", "zh", "ru", "hi", "vi", "ko", "ar"}[n], target, 0, "rosa", "handed in"))(b)
	}
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		edited := slices.Clone(source)
		for i := round % 10; i < len(edited); i += 10 {
			edited[i].Text += fmt.Sprint(" ", round)
		}
		for i := range edited {
			edited[i].Start, edited[i].End = edited[i].Start+time.Second, edited[i].End+time.Second
		}
		d.saveSource(b, compare.CarryIDs(source, edited, compare.NewIDs(translationtest.IDs(source))))
		b.StartTimer()
		if _, err := d.UpdateToSource(context.Background(), "light"); err != nil {
			b.Fatal(err)
		}
	}
}

// A file from before a source cue was cut does not bring the cue back.
func TestImportSubtitles_CutCueStaysObsolete(t *testing.T) {
	ctx, d := t.Context(), newService(t, translationtest.English)
	mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish, 0, "rosa", "handed in"))(t)
	cut := slices.Clone(translationtest.English)[:3]
	d.saveSource(t, cut)
	if _, err := d.UpdateToSource(ctx, "light"); err != nil {
		t.Fatal(err)
	}
	h := mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish, 0, "rosa", "handed in again"))(t)
	if got, want := cueStates(h.Cues), []State{Draft, Draft, Draft, Obsolete}; !slices.Equal(got, want) {
		t.Errorf("it is %v, want %v", got, want)
	}
}

func TestApprove_OnlyOtherAuthorsCues(t *testing.T) {
	ctx, d := t.Context(), newService(t, translationtest.English)
	mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish[:2], 0, "rosa", "the beginning"))(t)
	mustRevision(d.ImportSubtitles(ctx, "light", "es", translationtest.Spanish, 0, "juan", "the end"))(t)
	mustRevision(d.SubmitForReview(ctx, "light", "es", "juan"))(t)
	h := mustRevision(d.Approve(ctx, "light", "es", "Rosa"))(t)
	if got, want := cueStates(h.Cues), []State{InReview, InReview, Approved, Approved}; !slices.Equal(got, want) {
		t.Errorf("when she approved, it was %v, want %v", got, want)
	}
	if h = mustRevision(d.Approve(ctx, "light", "es", "juan"))(t); h.Progress().Approved != 4 {
		t.Errorf("when he had, too, it was %+v", h.Progress())
	}
}

func TestService_RefusesWhatIsNoTranslation(t *testing.T) {
	ctx, d := t.Context(), newService(t, translationtest.English)
	late := slices.Clone(translationtest.Spanish)
	for n := range late {
		late[n].Start, late[n].End = late[n].Start+time.Hour, late[n].End+time.Hour
	}
	for name, err := range map[string]error{
		"the language that is spoken": errorOf(d.ImportSubtitles(ctx, "light", "en", translationtest.Spanish, 0, "rosa", "")),
		"a file of another talk":      errorOf(d.ImportSubtitles(ctx, "light", "es", late, 0, "rosa", "")),
		"no revision":                 errorOf(d.Restore(ctx, "light", "es", 0, "rosa")),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func errorOf(_ Revision, err error) error { return err }
