//go:build slow

package main

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
)

// testServer is a conference server in a process of its own.
type testServer struct {
	t    *testing.T
	data string
	url  string
	link string // the first organiser's
}

// startTestServer starts a server, which stops when the test ends.
func startTestServer(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{t: t, data: t.TempDir()}
	cmd := exec.Command(os.Args[0], "serve", "--data", s.data, "--listen", "127.0.0.1:0")
	cmd.Args[0] = "lectern"
	cmd.Path = lecternBinary(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // it was interrupted
	})
	lines := bufio.NewScanner(out)
	for s.link == "" && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if url, ok := strings.CutPrefix(line, "Lectern serves "); ok {
			s.url = url
		}
		if strings.Contains(line, "/l/") {
			s.link = line
		}
	}
	if s.link == "" {
		t.Fatal("the server did not say where it is")
	}
	return s
}

// lecternBinary builds the program and returns its path.
func lecternBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lectern")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build lectern: %v\n%s", err, out)
	}
	return path
}

// browserUser is a person with a browser of their own.
type browserUser struct {
	*testServer
	who string
	ctx context.Context
}

// openBrowser opens a link in a new browser.
func (s *testServer) openBrowser(who, link string) *browserUser {
	s.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(s.t.Context(), options...)
	ctx, leave := chromedp.NewContext(allocator)
	s.t.Cleanup(func() { leave(); stop() })
	g := &browserUser{s, who, ctx}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // the first call owns the browser
		s.t.Fatalf("%s's browser: %v", who, err)
	}
	g.do("open the link", chromedp.Navigate(link), chromedp.Click("main form button"), chromedp.WaitVisible("header form .chip"))
	return g
}

// pageTimeout is how long to wait for a page.
const pageTimeout = 60 * time.Second

func (g *browserUser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, pageTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		g.fail(what, err)
	}
}

// text returns the text of a part of the page.
func (g *browserUser) text(selector string) string {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, pageTimeout)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Value(selector))
	if err != nil {
		g.fail("read "+selector, err)
	}
	return text
}

// waitFor waits until a JavaScript expression is true on the open page.
func (g *browserUser) waitFor(what, expression string, patience time.Duration) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, patience)
	defer cancel()
	for { // a page that gives way to another while it is asked is asked again
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience)))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			g.fail("see "+what, err)
		}
	}
}

// fail ends the test with what could not be done, and the text of the page.
func (g *browserUser) fail(what string, err error) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Text("main"))
	g.t.Fatalf("%s cannot %s: %v; the page says:\n%s", g.who, what, err, text)
}

// fillField types into a field, or chooses an option.
func fillField(selector, value string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](fmt.Sprintf("(field => { field.value = %q; return field.dispatchEvent(new Event('input', {bubbles: true})) })(document.querySelector(%q))", value, selector))(ctx, target)
		return chromedp.Void{}, err
	}
}

// createLink makes a link for a person, and returns its address.
func (g *browserUser) createLink(role, name, talk, language string) string {
	g.t.Helper()
	g.do("invite a "+role, chromedp.Navigate(g.url+"/people"),
		fillField(`[name=role]`, role), fillField(`[name=name]`, name),
		fillField(`[name=talk]`, talk), fillField(`[name=language]`, language),
		chromedp.Click(`form[action="/people"] .primary`), chromedp.WaitVisible("[data-copy]"))
	return g.text("[data-copy]")
}

// TestServer_WholeJourney follows a conference from its schedule to a bundle that is downloaded.
func TestServer_WholeJourney(t *testing.T) {
	t.Parallel()
	const talk = "/talks/prototyping-apis"
	recording := smallRecording(t)
	s := startTestServer(t)

	organiser := s.openBrowser("the organiser", s.link)
	organiser.do("bring the programme in", chromedp.Navigate(s.url+"/schedule"),
		chromedp.SetUploadFiles(`[name=schedule]`, []string{sampleFile(t, "schedule.xml")}), chromedp.Click(`form[action="/schedule"] .primary`),
		chromedp.WaitVisible(`form[action="/schedule/import"]`), chromedp.Click(`form[action="/schedule/import"] .primary`),
		chromedp.WaitVisible(`a[href="/talks"].button`))
	volunteerLink := organiser.createLink("volunteer", "Vera", "", "")
	speakerLink := organiser.createLink("speaker", "Inés", "prototyping-apis", "")
	translatorLink := organiser.createLink("translator", "Rosa", "prototyping-apis", "es")
	reviewerLink := organiser.createLink("reviewer", "Luz", "", "es")

	volunteer := s.openBrowser("the volunteer", volunteerLink)
	volunteer.do("hand in the recording", chromedp.Navigate(s.url+"/recordings"),
		chromedp.SetUploadFiles(`[data-upload] input[type=file]`, []string{recording}))
	volunteer.waitFor("that it arrived", `!!document.querySelector("article.arrival form[action$='/assign']")`, pageTimeout)
	volunteer.do("choose its talk", fillField(`article.arrival select[name=talk]`, "prototyping-apis"))
	volunteer.waitFor("what was found in it, without loading the page again", `!document.querySelector("#arrived [data-looking]")`, pageTimeout)
	volunteer.waitFor("their choice as it was", `document.querySelector("article.arrival select[name=talk]").value === "prototyping-apis"`, pageTimeout)
	volunteer.do("say which talk it is", chromedp.Click(`article.arrival form .primary`), chromedp.WaitVisible("#processing textarea"))
	volunteer.do("cut it", fillField("#processing textarea", "00:00:02-00:00:42"),
		chromedp.Click(`#processing button[value=save]`), chromedp.WaitVisible("#standing"))
	volunteer.waitFor("it become ready, without loading the page again", `document.querySelector("#standing .chip").dataset.state === "ready"`, 4*time.Minute)

	speaker := s.openBrowser("the speaker", speakerLink)
	speaker.do("hand in English subtitles", chromedp.WaitVisible("[data-player] video"),
		chromedp.SetUploadFiles(`form[action$="/subtitles"] input[type=file]`, []string{sampleFile(t, "talk.en.srt")}),
		chromedp.Click(`[name=clock][value=reel]`), chromedp.Click(`form[action$="/subtitles"] .primary`), chromedp.WaitVisible(`[role=status]`))
	speaker.waitFor("them over the video", `document.querySelector("track[kind=subtitles]")?.srclang === "en"`, pageTimeout)

	translator := s.openBrowser("the translator", translatorLink)
	translator.do("hand in Spanish", chromedp.SetUploadFiles(`main input[type=file]`, []string{sampleFile(t, "talk.es.srt")}),
		chromedp.Click(`main form[enctype] button[value=save], main form[enctype] .primary`), chromedp.WaitVisible(`.notice[data-kind=success]`))
	translator.do("hand it in for review", chromedp.Navigate(s.url+talk+"/translations/es"), chromedp.Click(`form[action$="/ready"] button`))
	translator.waitFor("that it is in review", `!!document.querySelector("[data-track=in-review]") || document.body.innerText.includes("in review")`, pageTimeout)

	reviewer := s.openBrowser("the reviewer", reviewerLink)
	reviewer.do("approve it", chromedp.Navigate(s.url+talk+"/translations/es/review"), chromedp.Click(`form[action$="/approve"] button`))
	reviewer.waitFor("that it is approved", `document.body.innerText.includes("approved")`, pageTimeout)

	organiser.do("look at the talk", chromedp.Navigate(s.url+talk), chromedp.WaitVisible("#standing"))
	organiser.waitFor("the talk made again", `document.querySelector("#standing .chip").dataset.state === "ready" && !!document.querySelector("ul.tracks [data-track=approved]")`, 2*time.Minute)
	speaker.do("approve the talk", chromedp.Navigate(s.url+talk+"/speaker"), chromedp.Click(`button[value=approved]`))
	speaker.waitFor("that it is approved", `!!document.querySelector("section .notice[data-kind=success]")`, pageTimeout)
	organiser.do("release it", chromedp.Navigate(s.url+talk+"/speaker"), chromedp.Click(`form[action$="/release"] .primary`))
	organiser.waitFor("that it is out", `!!document.querySelector(".chip[data-state=released]")`, pageTimeout)

	saveScreenshots(organiser, speaker, talk)
	organiser.checkAccessibility("/help/organiser", "/", "/talks", talk, talk+"/speaker", talk+"/watch", talk+"/bundle", talk+"/edit", talk+"/translations", talk+"/translations/es",
		talk+"/translations/es/review", "/review/es", "/recordings", "/schedule", "/people", "/talks/new", "/glossary", "/nothing-is-here")
	speaker.checkAccessibility(talk + "/speaker")
	s.checkDownload(t, talk)
}

// saveScreenshots takes the pictures of docs/ in each language of the pages, if LECTERN_SCREENSHOTS
// names the directory to save them in (make screenshots).
func saveScreenshots(organiser, speaker *browserUser, talk string) {
	dir := os.Getenv("LECTERN_SCREENSHOTS")
	if dir == "" {
		return
	}
	for _, user := range []*browserUser{organiser, speaker} {
		user.do("size the window", chromedp.EmulateViewport(1200, 800))
	}
	for _, locale := range []string{"en", "es"} {
		for _, picture := range []struct {
			user       *browserUser
			name, path string
		}{
			{organiser, "talks", "/talks"}, {organiser, "schedule", "/schedule"}, {organiser, "people", "/people"},
			{organiser, "recordings", "/recordings"}, {organiser, "talk", talk}, {speaker, "speaker", talk + "/speaker"},
			{organiser, "translation", talk + "/translations/es?show=all"}, {organiser, "review", talk + "/translations/es/review"},
		} {
			picture.user.chooseLocale(locale)
			picture.user.do("look at "+picture.path, chromedp.Navigate(organiser.url+picture.path))
			picture.user.saveScreenshot(filepath.Join(dir, locale, picture.name+".png"))
		}
	}
	organiser.chooseLocale("en")
	speaker.chooseLocale("en")
}

// chooseLocale has pages shown in a language from the next one on.
func (g *browserUser) chooseLocale(locale string) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, pageTimeout)
	defer cancel()
	form := fmt.Sprintf(`fetch("/locale", {method: "POST", body: new URLSearchParams({locale: %q, back: "/"})}).then((r) => r.ok)`, locale)
	if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](form, chromedp.EvalAwaitPromise)); err != nil || !ok {
		g.fail("choose the language "+locale, err)
	}
}

func (g *browserUser) saveScreenshot(path string) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, pageTimeout)
	defer cancel()
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		g.fail("save "+path, err)
	}
}

// checkAccessibility lets axe check pages, on a dark phone and on a desktop, for barriers to people
// who don't see or use no mouse.
func (g *browserUser) checkAccessibility(paths ...string) {
	g.t.Helper()
	axe, err := os.ReadFile(filepath.Join("..", "..", "internal", "web", "testdata", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		g.t.Fatalf("%v (make test installs it)", err)
	}
	for _, path := range paths {
		for _, as := range []struct {
			width int64
			theme string
		}{{390, "dark"}, {1280, "light"}} {
			g.do("look at "+path, chromedp.EmulateViewport(as.width, 844), chromedp.Navigate(g.url+path))
			g.t.Run(fmt.Sprintf("%s, %d, %s", path, as.width, as.theme), func(t *testing.T) {
				for _, v := range g.violations(string(axe), as.theme) {
					t.Error(v)
				}
			})
		}
	}
}

// violations returns what axe finds serious or critical on the open page.
func (g *browserUser) violations(axe, theme string) []string {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.ctx, pageTimeout)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](axe+"; document.documentElement.dataset.theme = "+fmt.Sprintf("%q", theme)+"; true")); err != nil {
		g.fail("run axe", err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`axe.run().then((r) => r.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) =>
		v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).join(" | ")))`, chromedp.EvalAwaitPromise))
	if err != nil {
		g.fail("run axe", err)
	}
	return found
}

// checkDownload downloads a bundle as a ZIP file, and verifies it.
func (s *testServer) checkDownload(t *testing.T, talk string) {
	t.Helper()
	token, err := exec.CommandContext(t.Context(), lecternBinary(t), "link", "new", "volunteer", "--name", "bot", "--program", "--data", s.data).Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+talk+"/bundle.zip", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	archive := filepath.Join(t.TempDir(), "bundle.zip")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(f, answer.Body)
	if err != nil || f.Close() != nil || n != answer.ContentLength {
		t.Fatalf("took %d bytes of %d: %v", n, answer.ContentLength, err)
	}
	home := t.TempDir()
	unzip(t, archive, home)
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	report, err := bundle.Verify(t.Context(), tools, filepath.Join(home, "prototyping-apis"))
	if err != nil || !report.OK {
		t.Fatalf("the bundle is not sound: %v, %v", report.Failed(), err)
	}
	for _, name := range []string{"captions/prototyping-apis.en.srt", "captions/prototyping-apis.es.srt", "video/prototyping-apis.mp4"} {
		if _, err := os.Stat(filepath.Join(home, "prototyping-apis", name)); err != nil {
			t.Errorf("the bundle has no %s", name)
		}
	}
	if _, err := os.Stat(filepath.Join(s.data, "released", "prototyping-apis", "bundle.json")); err != nil {
		t.Errorf("the released bundle: %v", err)
	}
}

// unzip unpacks an archive into a directory.
func unzip(t *testing.T, archive, into string) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if err := os.CopyFS(into, z); err != nil {
		t.Fatal(err)
	}
}

// smallRecording returns the beginning of the sample talk, which is encoded in moments.
func smallRecording(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "2026-05-09 10-00-00 Main Hall.mp4")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", sampleFile(t, "talk.mp4"), "-t", "45",
		"-vf", "scale=320:180", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac", path).CombinedOutput()
	if err != nil {
		t.Fatalf("make a small recording: %v\n%s", err, out)
	}
	return path
}

// sampleFile returns the absolute path of a file of the sample conference.
func sampleFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
