package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/talkfile"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

type runCmd struct {
	Recordings []string `arg:"" name:"recording" help:"The talk's recordings, in the order they were made."`

	Out               string   `short:"o" required:"" help:"Directory for the bundle, which becomes DIR/<slug>/." placeholder:"DIR"`
	Talk              string   `help:"A YAML file with title, speakers, language and so on. Flags override it." type:"path" placeholder:"FILE"`
	Slug              string   `help:"The talk's name in file names. By default it is made from the title." placeholder:"S"`
	Title             string   `help:"The talk's title." placeholder:"T"`
	Speaker           []string `help:"A speaker. Repeat the flag for more." sep:"none" placeholder:"S"`
	Conference        string   `help:"The conference, as shown on the title cards." placeholder:"C"`
	Language          string   `help:"The language of the talk (BCP 47). Default: en." placeholder:"L"`
	Subtitles         []string `help:"A subtitle file and its language, such as es=talk.es.srt. Repeat the flag for more." sep:"none" placeholder:"LANG=FILE"`
	SubtitlesEncoding []string `help:"Encoding of the subtitle file in a language if it is detected wrongly, such as fr=windows-1252. Repeat the flag for more." sep:"none" placeholder:"LANG=ENCODING"`
	SubtitlesTime     string   `help:"What the subtitle files are timed against: the recordings end to end (reel), or the finished video that they name (programme)." enum:"reel,programme" default:"reel" placeholder:"reel|programme"`
	Cut               []string `help:"A range to keep, such as 00:03:10-00:33:20. Repeat the flag for more. With N: before it, the times are those of recording N alone." sep:"none" placeholder:"[N:]FROM-TO"`
	Channels          string   `help:"The audio channels to use: auto, left, right, mix, stereo, or by number: 2 (a channel), 2:1 (stream:channel), 2:stereo (a stream), 1:1+2:1 (a mix)." default:"auto" values:"auto,left,right,mix,stereo" placeholder:"C"`
	Pipeline          string   `help:"The pipeline: talk, tutorial, or a YAML file." default:"talk" placeholder:"NAME|FILE"`
	JSON              bool     `help:"Print one JSON document on standard output."`
	redisFlag
	dataFlag
}

// runResult is what --json prints.
type runResult struct {
	Bundle  string                     `json:"bundle"`
	Actions map[string]conductor.Count `json:"actions"`
	Notes   []string                   `json:"notes,omitempty"`
	Issues  []conference.Issue         `json:"troubles,omitempty"`
	Seconds float64                    `json:"seconds"`
}

// Run implements `lectern run`: it builds the bundle of a talk from recordings and subtitle files,
// saves the talk in the data directory, and prints the bundle's directory. The exit code is 1 if an
// action fails.
func (c *runCmd) Run(ctx context.Context, t *console) error {
	began := time.Now()
	result, err := c.build(ctx, t)
	if err != nil {
		return err
	}
	return printBuildResult(t, result, time.Since(began), c.JSON)
}

// printBuildResult prints the bundle's directory to standard output, and the notes and the numbers
// of actions to standard error. With asJSON it prints all of that as JSON to standard output.
func printBuildResult(t *console, result conductor.BuildResult, took time.Duration, asJSON bool) error {
	if asJSON {
		return t.printJSON(runResult{
			Bundle: result.Dir, Actions: result.Counts, Notes: result.Notes, Issues: result.Issues, Seconds: took.Seconds(),
		})
	}
	for _, note := range result.Notes {
		fmt.Fprintln(t.err, "note:", note)
	}
	ran, reused := 0, 0
	for _, n := range result.Counts {
		ran, reused = ran+n.Ran, reused+n.Reused
	}
	fmt.Fprintf(t.err, "Bundle ready in %s: %d actions ran, %d were up to date.\n", shortDuration(took), ran, reused)
	if _, live := t.err.width(); live && ran > 0 {
		fmt.Fprintln(t.err, "To correct a caption, the title or the cut, run the same command again with the correction.")
	}
	_, err := fmt.Fprintln(t.out, result.Dir)
	return err
}

// build builds the bundle and shows the progress. It does not print the result.
func (c *runCmd) build(ctx context.Context, t *console) (result conductor.BuildResult, err error) {
	req, err := c.buildRequest(ctx)
	if err != nil {
		return result, err
	}
	h, err := openDataDir(ctx, t, c.Data)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, h.close()) }()

	hashing := newHashProgress(t)
	req.Submission.Facts.Recordings, req.Originals, err = submission.HashRecordings(ctx, h.catalog, c.Recordings, hashing.show)
	if err == nil {
		err = identifyAssets(ctx, h, req, hashing.show)
	}
	hashing.end()
	if err != nil {
		return result, err
	}
	if req.Submission.Facts.Talk.Slug == "" {
		slug, notes, err := submission.ChooseSlug(ctx, h.catalog, req.Submission)
		if err != nil {
			return result, err
		}
		req.Submission.Facts.Talk.Slug, req.Notes = slug, append(req.Notes, notes...)
	}
	return h.buildBundle(ctx, t, c.Redis, c.JSON, req)
}

// identifyAssets hashes the image files that the conference's title cards use, and adds their
// hashes and paths to req. on shows the progress.
func identifyAssets(ctx context.Context, h *dataDir, req conductor.BuildRequest, on func(done, total int64)) error {
	for _, asset := range req.Submission.Facts.Conference.Cards.Assets() {
		found, originals, err := submission.HashRecordings(ctx, h.catalog, []string{asset.Path}, on)
		if err != nil {
			return err
		}
		asset.SHA256 = found[0].SHA256
		maps.Copy(req.Originals, originals)
	}
	return nil
}

// buildRequest returns the request that the flags, the talk's file and the subtitle files describe.
// It does not read the recordings. Mistakes in those inputs are errors before the data directory is
// opened.
func (c *runCmd) buildRequest(ctx context.Context) (req conductor.BuildRequest, err error) {
	if c.Out == "" { // a script's variable that is not set, perhaps
		return req, &usageError{"-o is empty; name a directory for the bundle, such as -o out"}
	}
	req.Submission.Out = kong.ExpandPath(c.Out)
	if req.Pipeline, err = pipelines.Load(c.Pipeline, worker.PipelineKinds(worker.Kinds())); err != nil {
		return req, err
	}
	req.Submission.Pipeline, req.Submission.PipelineText = c.Pipeline, req.Pipeline.Text
	if !slices.Contains(pipelines.Names(), c.Pipeline) { // files that belong to it are found again from anywhere
		if req.Submission.Pipeline, err = filepath.Abs(c.Pipeline); err != nil {
			return req, err
		}
	}
	given, err := c.facts()
	if err != nil {
		return req, err
	}
	font, err := given.ResolveFont(ctx)
	if err != nil {
		return req, err
	}
	if font != "" {
		req.Notes = append(req.Notes, font)
	}
	facts := &req.Submission.Facts
	facts.Talk, facts.Conference, facts.Processing = given.Talk, given.Conference, given.Treatment
	facts.Channels = conference.Channels(c.Channels)
	if _, err := facts.Channels.Terms(); err != nil {
		return req, &usageError{"--channels: " + err.Error()}
	}
	if facts.Cut, err = parseCuts(c.Cut, len(c.Recordings)); err != nil {
		return req, err
	}
	req.Uploads, err = c.readSubtitles(ctx, facts.Talk.Language)
	req.Who = osUser()
	return req, err
}

// facts returns the contents of the talk's file, if there is one, with the values of flags in place
// of its own. The title defaults to the name of the first recording and the language to English.
func (c *runCmd) facts() (facts talkfile.Contents, err error) {
	if c.Talk != "" {
		if facts, err = talkfile.Read(c.Talk); err != nil {
			return facts, err
		}
	}
	talk := &facts.Talk
	setIfGiven(&talk.Slug, c.Slug)
	setIfGiven(&talk.Title, c.Title)
	setIfGiven(&talk.Conference, c.Conference)
	setIfGiven(&talk.Language, c.Language)
	if len(c.Speaker) > 0 {
		talk.Speakers = c.Speaker
	}
	if talk.Title == "" {
		name := filepath.Base(c.Recordings[0])
		talk.Title = strings.TrimSuffix(name, filepath.Ext(name))
	}
	if c.Slug != "" && !conference.ValidSlug(c.Slug) {
		return facts, &usageError{fmt.Sprintf("--slug %q is not a valid name: use letters, digits and hyphens", talk.Slug)}
	}
	talk.Kind = cmp.Or(talk.Kind, "talk")
	talk.Language, err = subtitle.CanonicalLanguage(cmp.Or(talk.Language, "en"))
	return facts, err
}

func setIfGiven(field *string, flag string) {
	if flag != "" {
		*field = flag
	}
}

// readSubtitles reads and parses the files of --subtitles. A file in the language spoken is the
// source, and the others are translations. Two files in one language are an error.
func (c *runCmd) readSubtitles(ctx context.Context, spoken string) ([]submission.SubtitleFile, error) {
	encodings, err := c.subtitleEncodings()
	if err != nil {
		return nil, err
	}
	var uploads []submission.SubtitleFile
	seen := make(map[string]string)
	for _, s := range c.Subtitles {
		tag, file, ok := strings.Cut(s, "=")
		if !ok || tag == "" || file == "" {
			return nil, &usageError{fmt.Sprintf("--subtitles %q is not LANG=FILE, such as es=talk.es.srt", s)}
		}
		language, err := subtitle.CanonicalLanguage(tag)
		if err != nil {
			return nil, err
		}
		if other, ok := seen[language]; ok {
			return nil, inputerr.New(file, "is a second subtitle file in %s (%s), after %s", subtitle.EnglishLanguageName(language), language, other).
				Hint("Give one file for each language.")
		}
		seen[language] = file
		u, err := readSubtitleUpload(ctx, language, encodings[language], file)
		if err != nil {
			return nil, err
		}
		u.ProgrammeTime = submission.TimeReference(c.SubtitlesTime) == submission.ProgrammeClock
		u.Track.Kind = conference.Translation
		if language == spoken {
			u.Track.Kind = conference.Authored
		}
		uploads = append(uploads, u)
	}
	for language := range encodings {
		if _, ok := seen[language]; !ok {
			return nil, &usageError{fmt.Sprintf("--subtitles-encoding names %s (%s), but there is no subtitle file in it", language, subtitle.EnglishLanguageName(language))}
		}
	}
	return uploads, nil
}

// subtitleEncodings returns the encodings in --subtitles-encoding by language, in canonical form.
func (c *runCmd) subtitleEncodings() (map[string]string, error) {
	given := make(map[string]string)
	for _, s := range c.SubtitlesEncoding {
		tag, encoding, ok := strings.Cut(s, "=")
		if !ok || tag == "" || encoding == "" {
			return nil, &usageError{fmt.Sprintf("--subtitles-encoding %q is not LANG=ENCODING, such as fr=windows-1252", s)}
		}
		language, err := subtitle.CanonicalLanguage(tag)
		if err != nil {
			return nil, err
		}
		given[language] = encoding
	}
	return given, nil
}

func readSubtitleUpload(ctx context.Context, language, encoding, file string) (submission.SubtitleFile, error) {
	data, err := readBytes(ctx, file, file)
	if err != nil {
		return submission.SubtitleFile{}, err
	}
	return submission.ParseSubtitleFile(file, language, encoding, data)
}

// parseCuts parses the values of --cut. recordings is the number of recordings, to which a range
// may refer by number. A malformed range is a *usageError.
func parseCuts(cuts []string, recordings int) ([]conference.KeptRange, error) {
	var kept []conference.KeptRange
	for _, s := range cuts {
		k, err := plan.ParseCut(s, recordings)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--cut %q: %v", s, err)}
		}
		kept = append(kept, k)
	}
	return kept, nil
}

// osUser returns the login name of the person who runs the command, even under sudo, for the
// history. It reads the name from environment variables; without any, it returns the numeric id,
// such as "uid 1000".
func osUser() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
