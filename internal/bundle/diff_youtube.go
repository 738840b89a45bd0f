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

// youtubeDiff is what YouTube needs.
type youtubeDiff struct {
	ctx    context.Context
	tools  media.Tools
	before loadedBundle
	after  loadedBundle
	Difference
}

// target lists the calls of YouTube's API. A video there cannot be replaced: where its
// pictures or its sound are others, it is a new one, with all that belongs to it.
func (u youtubeDiff) target() (Target, error) {
	t := Target{Name: "youtube", Steps: []Step{}}
	file, why, err := u.videoChange()
	if err != nil {
		return t, err
	}
	anew := why != ""
	if anew {
		t.Steps = append(t.Steps, Step{Operation: "videos.insert", File: file.Path, Size: file.Size, Reason: why})
		if u.before.upload != nil {
			t.Notes = append(t.Notes, "the old video keeps its address, views and comments; make it private, or let its description lead to the new one")
		}
	} else {
		t.Steps = append(t.Steps, u.metadataSteps(&t)...)
	}
	captions, same := u.captionSteps(anew)
	t.Steps, t.Unchanged = append(t.Steps, captions...), same
	return u.withThumbnail(t, anew), nil
}

// videoChange is the file that YouTube gets, and why it must be uploaded anew; "" where the
// video that is there shows the same.
func (u youtubeDiff) videoChange() (file File, why string, err error) {
	file, ok := uploadedVideo(u.after.Manifest)
	if !ok {
		return file, "", nil
	}
	old, ok := uploadedVideo(u.before.Manifest)
	switch {
	case u.before.upload == nil:
		return file, "the old bundle was not for YouTube", nil
	case ok && old.SHA256 == file.SHA256:
		return file, "", nil
	case !ok:
		return file, "the old bundle had no video", nil
	case !u.SameEdition:
		return file, "another edition: " + strings.Join(u.EditionChanges, ", ") + " changed", nil
	}
	before, err := u.tools.StreamHashes(u.ctx, u.before.path(old.Path))
	if u.ctx.Err() != nil {
		return file, "", context.Cause(u.ctx)
	}
	if err != nil { // it need not be there any more
		return file, "the file is another, and the old one is not there to compare its pictures and sound", nil
	}
	now, err := u.tools.StreamHashes(u.ctx, u.after.path(file.Path))
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

// uploadedVideo is the file that goes to a video platform: the best picture, and of the files
// that have it, the one without the subtitles that are sent by themselves.
func uploadedVideo(c Manifest) (best File, ok bool) {
	size := func(f File) (height int) {
		var facts struct{ Height int }
		_ = json.Unmarshal(f.Media, &facts) // facts that cannot be read order nothing
		return facts.Height
	}
	named := slices.IndexFunc(c.Files, func(f File) bool { return f.Path == "video/"+c.Talk.Slug+".mp4" })
	for _, f := range c.Files {
		if f.Role != RoleVideo || len(f.SubtitleLanguages) > 0 || named >= 0 && size(f) != size(c.Files[named]) {
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

// metadataSteps is videos.update, where the words changed.
func (u youtubeDiff) metadataSteps(t *Target) []Step {
	old, new := u.before.upload.Video, u.after.upload.Video
	var parts, says []string
	part := func(name string, same bool, what ...string) {
		if !same {
			parts, says = append(parts, name), append(says, what...)
		}
	}
	part("snippet", reflect.DeepEqual(old.Snippet, new.Snippet), snippetChanges(old.Snippet, new.Snippet)...)
	part("localizations", reflect.DeepEqual(old.Localizations, new.Localizations), localizationChanges(old.Localizations, new.Localizations)...)
	part("recordingDetails", reflect.DeepEqual(old.RecordingDetails, new.RecordingDetails), "the date")
	part("status", old.Status == new.Status, "the licence")
	if len(parts) == 0 {
		return nil
	}
	if slices.Contains(parts, "status") {
		t.Notes = append(t.Notes, "the part status says who may see the video: send the privacyStatus that it has by now, and not the one of "+YouTubeName)
	}
	t.Notes = append(t.Notes, "videos.update replaces each part as a whole, what was written at YouTube too")
	return []Step{{Operation: "videos.update", Parts: parts, Reason: strings.Join(says, ", ")}}
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

// localizationChanges says in which languages title and description are others.
func localizationChanges(old, new map[string]localizedText) (says []string) {
	all := maps.Clone(old)
	if all == nil {
		all = make(map[string]localizedText)
	}
	maps.Copy(all, new)
	for _, language := range slices.Sorted(maps.Keys(all)) {
		if old[language] != new[language] {
			says = append(says, "the words in "+subtitle.EnglishLanguageName(language))
		}
	}
	return says
}

// captionSteps are inserted, updated and deleted by language; with a new video, all are
// inserted.
func (u youtubeDiff) captionSteps(anew bool) (steps []Step, same int) {
	old := make(map[string]File)
	if !anew {
		old = u.before.captionFiles()
	}
	new := u.after.captionFiles()
	for _, language := range slices.Sorted(maps.Keys(new)) {
		f, before := new[language], old[language]
		step := Step{Operation: "captions.insert", File: f.Path, Size: f.Size, Language: language}
		switch before.SHA256 {
		case f.SHA256:
			same++
			continue
		case "":
		default:
			step.Operation = "captions.update"
		}
		steps = append(steps, step)
	}
	for _, language := range slices.Sorted(maps.Keys(old)) {
		if _, still := new[language]; !still {
			steps = append(steps, Step{Operation: "captions.delete", Language: language})
		}
	}
	return steps, same
}

// captionFiles are the files that youtube.json sends as captions, by language.
func (s loadedBundle) captionFiles() map[string]File {
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

// withThumbnail adds thumbnails.set, where the still is another.
func (u youtubeDiff) withThumbnail(t Target, anew bool) Target {
	still := func(c Manifest) File {
		i := slices.IndexFunc(c.Files, func(f File) bool { return f.Role == RoleThumbnail })
		if i < 0 {
			return File{}
		}
		return c.Files[i]
	}
	old, new := still(u.before.Manifest), still(u.after.Manifest)
	if new.Path != "" && (anew || cmp.Or(old.SHA256, "none") != new.SHA256) {
		t.Steps = append(t.Steps, Step{Operation: "thumbnails.set", File: new.Path, Size: new.Size})
	}
	return t
}
