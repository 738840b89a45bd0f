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

// youtubeDiff finds the requests to YouTube's API that bring it from one bundle to another.
type youtubeDiff struct {
	before, after loadedBundle
	difference    Difference // of the editions
}

// target returns the requests in order. A video on YouTube cannot be replaced: if pictures or sound
// changed, a new one is uploaded, with captions and thumbnail.
func (u youtubeDiff) target(ctx context.Context, tools media.Tools) (Target, error) {
	t := Target{Name: "youtube", Steps: []Step{}}
	file, reason, err := u.videoChange(ctx, tools)
	if err != nil {
		return t, err
	}
	reupload := reason != ""
	if reupload {
		t.Steps = append(t.Steps, Step{Operation: "videos.insert", File: file.Path, Size: file.Size, Reason: reason})
		if u.before.upload != nil {
			t.Notes = append(t.Notes, "the old video keeps its address, views and comments; make it private, or link to the new video in its description")
		}
	} else {
		t.Steps = append(t.Steps, u.metadataSteps(&t)...)
	}
	captions, same := u.captionSteps(reupload)
	t.Steps, t.Unchanged = append(t.Steps, captions...), same
	return u.withThumbnail(t, reupload), nil
}

// videoChange returns the video file for YouTube and, in words, why it must be uploaded. reason is
// "" if pictures and sound are unchanged, or if the bundle has no video. Files of the same edition
// that differ are compared stream by stream, if the old one still exists.
func (u youtubeDiff) videoChange(ctx context.Context, tools media.Tools) (file File, reason string, err error) {
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
	case !u.difference.SameEdition:
		return file, "new edition: " + strings.Join(u.difference.EditionChanges, ", ") + " changed", nil
	}
	before, err := tools.StreamHashes(ctx, u.before.path(old.Path))
	if ctx.Err() != nil {
		return file, "", context.Cause(ctx)
	}
	if err != nil { // the old video may be deleted
		return file, "the file changed, and the old one is missing, so its pictures and sound cannot be compared", nil
	}
	now, err := tools.StreamHashes(ctx, u.after.path(file.Path))
	if err != nil {
		return file, "", fmt.Errorf("compare the videos: %w", err)
	}
	switch {
	case slices.Equal(before, now):
		return file, "", nil // only metadata in the file changed
	case len(before) == len(now) && before[0] == now[0]:
		return file, "its sound changed", nil
	case len(before) == len(now) && slices.Equal(before[1:], now[1:]):
		return file, "its pictures changed", nil
	}
	return file, "its pictures and its sound changed", nil
}

// uploadedVideo returns the file for a video platform. It has the height of video/SLUG.mp4 or,
// without such a file, the greatest one. Captions are uploaded separately, so a file without
// subtitle streams is preferred. ok is false if there is no suitable video.
func uploadedVideo(c Manifest) (best File, ok bool) {
	size := func(f File) (height int) {
		var facts struct{ Height int }
		_ = json.Unmarshal(f.Media, &facts) // unreadable facts count as height 0
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

// metadataSteps returns a videos.update request with the parts of the metadata that changed, or nil
// if none did. For the person who sends the request, it adds notes to t.
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
		t.Notes = append(t.Notes, "the part status includes who may see the video: send its current privacyStatus, not the one in "+YouTubeName)
	}
	t.Notes = append(t.Notes, "videos.update replaces each part completely, including changes made on YouTube")
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

// localizationChanges returns in words the languages in which title or description changed.
func localizationChanges(old, new map[string]localizedText) (says []string) {
	all := maps.Clone(old)
	if all == nil {
		all = make(map[string]localizedText)
	}
	maps.Copy(all, new)
	for _, language := range slices.Sorted(maps.Keys(all)) {
		if old[language] != new[language] {
			says = append(says, "title or description in "+subtitle.EnglishLanguageName(language))
		}
	}
	return says
}

// captionSteps returns the requests that insert, update and delete captions, and the number of
// unchanged ones. If reupload, there is a new video, and all are inserted.
func (u youtubeDiff) captionSteps(reupload bool) (steps []Step, same int) {
	old := make(map[string]File)
	if !reupload {
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

// captionFiles returns the files that youtube.json lists as captions, by language.
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

// withThumbnail returns t with a thumbnails.set request if the thumbnail changed, or if reupload
// says that there is a new video.
func (u youtubeDiff) withThumbnail(t Target, reupload bool) Target {
	thumbnail := func(c Manifest) File {
		i := slices.IndexFunc(c.Files, func(f File) bool { return f.Role == RoleThumbnail })
		if i < 0 {
			return File{}
		}
		return c.Files[i]
	}
	old, new := thumbnail(u.before.Manifest), thumbnail(u.after.Manifest)
	if new.Path != "" && (reupload || cmp.Or(old.SHA256, "none") != new.SHA256) {
		t.Steps = append(t.Steps, Step{Operation: "thumbnails.set", File: new.Path, Size: new.Size})
	}
	return t
}
