package bundle

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// uploads is what YouTube needs.
type uploads struct {
	ctx   context.Context
	tools media.Tools
	was   side
	is    side
	Difference
}

// target lists the calls of YouTube's API. A video there cannot be replaced: where its
// pictures or its sound are others, it is a new one, with all that belongs to it.
func (u uploads) target() (Target, error) {
	t := Target{Name: "youtube", Steps: []Step{}}
	file, why, err := u.video()
	if err != nil {
		return t, err
	}
	anew := why != ""
	if anew {
		t.Steps = append(t.Steps, Step{Do: "videos.insert", File: file.Path, Size: file.Size, Says: why})
		if u.was.upload != nil {
			t.Notes = append(t.Notes, "the old video keeps its address, views and comments; make it private, or let its description lead to the new one")
		}
	} else {
		t.Steps = append(t.Steps, u.update(&t)...)
	}
	captions, same := u.captions(anew)
	t.Steps, t.Same = append(t.Steps, captions...), same
	return u.thumbnail(t, anew), nil
}

// video is the file that YouTube gets, and why it must be uploaded anew; "" where the
// video that is there shows the same.
func (u uploads) video() (file File, why string, err error) {
	file, ok := uploaded(u.is.Content)
	if !ok {
		return file, "", nil
	}
	old, ok := uploaded(u.was.Content)
	switch {
	case u.was.upload == nil:
		return file, "the old bundle was not for YouTube", nil
	case ok && old.SHA256 == file.SHA256:
		return file, "", nil
	case !ok:
		return file, "the old bundle had no video", nil
	case !u.SameEdition:
		return file, "another edition: " + strings.Join(u.Edition, ", ") + " changed", nil
	}
	before, err := u.tools.StreamHashes(u.ctx, u.was.path(old.Path))
	if u.ctx.Err() != nil {
		return file, "", context.Cause(u.ctx)
	}
	if err != nil { // it need not be there any more
		return file, "the file is another, and the old one is not there to compare its pictures and sound", nil
	}
	now, err := u.tools.StreamHashes(u.ctx, u.is.path(file.Path))
	if err != nil {
		return file, "", fmt.Errorf("compare the videos: %w", err)
	}
	switch {
	case slices.Equal(before, now):
		return file, "", nil // but for what is written about it in the file
	case len(before) == len(now) && before[0] == now[0]:
		return file, "its sound changed", nil
	case len(before) == len(now) && slices.Equal(before[1:], now[1:]):
		return file, "its pictures changed", nil
	}
	return file, "its pictures and its sound changed", nil
}

// uploaded is the file that goes to a video platform: the best picture, and of the files
// that have it, the one without the subtitles that are sent by themselves.
func uploaded(c Content) (best File, ok bool) {
	size := func(f File) (height int) {
		var facts struct{ Height int }
		_ = json.Unmarshal(f.Media, &facts) // facts that cannot be read order nothing
		return facts.Height
	}
	named := slices.IndexFunc(c.Files, func(f File) bool { return f.Path == "video/"+c.Talk.Slug+".mp4" })
	for _, f := range c.Files {
		if f.Role != Video || len(f.Subtitles) > 0 || named >= 0 && size(f) != size(c.Files[named]) {
			continue
		}
		if !ok || size(f) > size(best) {
			best, ok = f, true
		}
	}
	if !ok && named >= 0 {
		return c.Files[named], true
	}
	return best, ok
}

// update is videos.update, where the words changed.
func (u uploads) update(t *Target) []Step {
	old, new := u.was.upload.Video, u.is.upload.Video
	var parts, says []string
	part := func(name string, same bool, what ...string) {
		if !same {
			parts, says = append(parts, name), append(says, what...)
		}
	}
	part("snippet", reflect.DeepEqual(old.Snippet, new.Snippet), snippetChanges(old.Snippet, new.Snippet)...)
	part("localizations", reflect.DeepEqual(old.Localizations, new.Localizations), wordsChanges(old.Localizations, new.Localizations)...)
	part("recordingDetails", reflect.DeepEqual(old.RecordingDetails, new.RecordingDetails), "the date")
	part("status", old.Status == new.Status, "the licence")
	if len(parts) == 0 {
		return nil
	}
	if slices.Contains(parts, "status") {
		t.Notes = append(t.Notes, "the part status says who may see the video: send the privacyStatus that it has by now, and not the one of "+YouTubeName)
	}
	t.Notes = append(t.Notes, "videos.update replaces each part as a whole, what was written at YouTube too")
	return []Step{{Do: "videos.update", Parts: parts, Says: strings.Join(says, ", ")}}
}

func snippetChanges(old, new snippet) (says []string) {
	for _, c := range []struct {
		what string
		same bool
	}{
		{"the title", old.Title == new.Title},
		{"the description", old.Description == new.Description},
		{"the tags", slices.Equal(old.Tags, new.Tags)},
		{"the category", old.CategoryID == new.CategoryID},
		{"the language", old.DefaultLanguage == new.DefaultLanguage && old.DefaultAudioLanguage == new.DefaultAudioLanguage},
	} {
		if !c.same {
			says = append(says, c.what)
		}
	}
	return says
}

// wordsChanges says in which languages title and description are others.
func wordsChanges(old, new map[string]text) (says []string) {
	all := maps.Clone(old)
	if all == nil {
		all = make(map[string]text)
	}
	maps.Copy(all, new)
	for _, language := range slices.Sorted(maps.Keys(all)) {
		if old[language] != new[language] {
			says = append(says, "the words in "+subtitle.EnglishName(language))
		}
	}
	return says
}

// captions are inserted, updated and deleted by language; with a new video, all are
// inserted.
func (u uploads) captions(anew bool) (steps []Step, same int) {
	old := make(map[string]File)
	if !anew {
		old = u.was.sidecars()
	}
	new := u.is.sidecars()
	for _, language := range slices.Sorted(maps.Keys(new)) {
		f, before := new[language], old[language]
		step := Step{Do: "captions.insert", File: f.Path, Size: f.Size, Language: language}
		switch before.SHA256 {
		case f.SHA256:
			same++
			continue
		case "":
		default:
			step.Do = "captions.update"
		}
		steps = append(steps, step)
	}
	for _, language := range slices.Sorted(maps.Keys(old)) {
		if _, still := new[language]; !still {
			steps = append(steps, Step{Do: "captions.delete", Language: language})
		}
	}
	return steps, same
}

// sidecars are the files that youtube.json sends as captions, by language.
func (s side) sidecars() map[string]File {
	found := make(map[string]File)
	if s.upload == nil {
		return found
	}
	for _, c := range s.upload.Captions {
		if i := slices.IndexFunc(s.Files, func(f File) bool { return f.Path == c.File }); i >= 0 {
			found[c.Body.Snippet.Language] = s.Files[i]
		}
	}
	return found
}

// thumbnail adds thumbnails.set, where the still is another.
func (u uploads) thumbnail(t Target, anew bool) Target {
	still := func(c Content) File {
		i := slices.IndexFunc(c.Files, func(f File) bool { return f.Role == Thumbnail })
		if i < 0 {
			return File{}
		}
		return c.Files[i]
	}
	old, new := still(u.was.Content), still(u.is.Content)
	if new.Path != "" && (anew || cmp.Or(old.SHA256, "none") != new.SHA256) {
		t.Steps = append(t.Steps, Step{Do: "thumbnails.set", File: new.Path, Size: new.Size})
	}
	return t
}
