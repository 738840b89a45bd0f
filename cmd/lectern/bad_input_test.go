package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite"
)

// cliTest runs lectern as a user does: in a directory with recordings, a data directory and an
// output directory.
type cliTest struct {
	t   *testing.T
	dir string
	env []string
}

func newCLITest(t *testing.T) *cliTest {
	t.Helper()
	dir := t.TempDir()
	if err := installShim(filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	small, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := &cliTest{t: t, dir: dir, env: append(os.Environ(),
		"PATH="+filepath.Join(dir, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"),
		shimReal+"="+realFFmpeg(),
		shimLog+"="+filepath.Join(dir, "ffmpeg.log"),
		"LECTERN_DATA="+filepath.Join(dir, "data"),
	)}
	d.write("small.yaml", string(small))
	d.write("en.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello.\n")
	return d
}

func (d *cliTest) path(name string) string { return filepath.Join(d.dir, name) }

func (d *cliTest) write(name, content string) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *cliTest) read(name string) []byte {
	d.t.Helper()
	b, err := os.ReadFile(d.path(name))
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

// record makes a recording.
func (d *cliTest) record(name, seconds string, options ...string) {
	d.t.Helper()
	if err := makeRecording(d.path(name), seconds, options...); err != nil {
		d.t.Fatal(err)
	}
}

// truncate writes the first percent hundredths of a file into another.
func (d *cliTest) truncate(name, into string, percent int) {
	d.t.Helper()
	b := d.read(name)
	d.write(into, string(b[:len(b)*percent/100]))
}

// command returns a command that runs lectern in the test's directory.
func (d *cliTest) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(d.t.Context(), "lectern", args...)
	cmd.Dir, cmd.Env = d.dir, d.env
	return cmd
}

// lectern runs a command, and returns its output and exit code.
func (d *cliTest) lectern(args ...string) (stdout, stderr string, code int) {
	d.t.Helper()
	cmd := d.command(args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// run runs `lectern run` with the small pipeline into out. It must succeed.
func (d *cliTest) run(args ...string) (stdout string) {
	d.t.Helper()
	stdout, stderr, code := d.lectern(append([]string{"run", "--pipeline", "small.yaml", "-o", "out"}, args...)...)
	if code != 0 {
		d.t.Fatalf("lectern run %q: exit code %d\n%s", args, code, stderr)
	}
	return stdout
}

// catalogDump returns everything in the catalog except the cache of hashes.
func (d *cliTest) catalogDump() string {
	d.t.Helper()
	db, err := sql.Open("sqlite", "file:"+d.path("data/catalog.db")+"?mode=ro")
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	var all strings.Builder
	for _, table := range queryColumn(d.t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('hashes', 'sqlite_sequence') ORDER BY name") {
		var list []string
		for _, name := range queryColumn(d.t, db, "SELECT name FROM pragma_table_info('"+table+"')") {
			list = append(list, `quote("`+name+`")`)
		}
		fmt.Fprintln(&all, table)
		for _, row := range queryColumn(d.t, db, "SELECT "+strings.Join(list, "||','||")+" FROM "+table+" ORDER BY 1") {
			fmt.Fprintln(&all, " ", row)
		}
	}
	return all.String()
}

func queryColumn(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// files lists every file below a directory with its inode, times and content.
func (d *cliTest) files(dir string) string {
	d.t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(d.path(dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		fmt.Fprintf(&all, "%s %s %d %s %x\n", path, info.Mode(), inodeOf(info), info.ModTime(), sha256.Sum256(content))
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all.String()
}

// Bad input is refused by a message that names it and says what to do. It changes neither the
// catalog nor an existing bundle.
func TestRun_BadInputChangesNothing(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	d.record("talk.mp4", "6", "-movflags", "+faststart")
	d.record("long.mp4", "20", "-movflags", "+faststart")
	d.record("late.mp4", "6")
	d.record("silent.mp4", "6", "-an")
	d.record("dark.mp4", "6", "-vn")
	d.truncate("long.mp4", "half.mp4", 50)
	d.truncate("late.mp4", "no-moov.mp4", 60)
	d.write("empty.mp4", "")
	d.write("notes.mp4", "These are my notes.\n")
	d.write("second.srt", "1\n00:00:01,000 --> 00:00:02,000\nOne.\n")
	d.write("page.srt", "<!DOCTYPE html>\n<title>Subtitles</title>\n<body>Sign in to download.</body>\n")
	d.write("empty.srt", "")
	d.write("prose.srt", "This is what I said, more or less.\n")
	d.write("elsewhere.srt", "1\n01:00:01,000 --> 01:00:02,000\nAn hour late.\n")
	d.write("in-the-way", "a file")
	calls := d.servePlaylists()
	if err := os.MkdirAll(d.path("foreign/talk"), 0o755); err != nil {
		t.Fatal(err)
	}
	d.write("foreign/talk/thesis.txt", "mine")

	d.run("talk.mp4", "--title", "Talk", "--subtitles", "en=en.srt")
	facts, files, foreign := d.catalogDump(), d.files("out/talk"), d.files("foreign/talk")

	for _, c := range []struct {
		name string
		args string // split at spaces; "talk.mp4 -o out" unless it says otherwise
		code int
		says string // a regular expression over standard error
	}{
		{"not a media file", "notes.mp4", 3, `notes\.mp4: is not a media file.*Use MP4`},
		{"zero bytes", "empty.mp4", 3, `empty\.mp4: is empty.*again`},
		{"no moov", "no-moov.mp4", 3, `no-moov\.mp4: .*moov.*Copy it again`},
		{"second half missing", "half.mp4", 3, `half\.mp4: breaks off at 00:00:(09|10).*--cut 0-00:00:(09|10)`},
		{"no picture", "dark.mp4", 3, `dark\.mp4: has sound but no video\. Use`},
		{"no sound", "silent.mp4", 3, `silent\.mp4: has no sound\. Use`},
		{"no such recording", "absent.mp4", 3, `absent\.mp4: does not exist\. Check the name`},
		{"a directory", "foreign", 3, `foreign: is a directory\. Name the recordings in it`},
		{"a device", "/dev/zero", 3, `/dev/zero: is not a file\. Copy`},
		{"an HLS playlist", "hls.mp4", 3, `hls\.mp4: is an HLS playlist.*nothing it names was opened\. Use`},
		{"an HLS playlist of passwords", "hls-passwd.mp4", 3, `hls-passwd\.mp4: is an HLS playlist.*nothing it names was opened`},
		{"an ffconcat list", "concat.mp4", 3, `concat\.mp4: is an ffconcat list.*nothing it names was opened`},
		{"a DASH manifest", "dash.mp4", 3, `dash\.mp4: is a DASH manifest.*nothing it names was opened`},
		{"a session description", "sdp.mp4", 3, `sdp\.mp4: is an SDP session.*nothing it names was opened`},

		{"cut outside the reel", "talk.mp4 --cut 0:03-0:09", 3, `--cut 00:00:03-00:00:09: lies outside the recording, which is 00:00:06 long`},
		{"cut before it begins", "talk.mp4 --cut 0:04-0:02", 3, `--cut 00:00:04-00:00:02: ends before it begins.*FROM-TO`},
		{"cuts overlap", "talk.mp4 --cut 0-0:03 --cut 0:02-0:05", 3, `--cut 00:00:02-00:00:05: overlaps.*00:00:00-00:00:03.*order`},
		{"cuts in the wrong order", "talk.mp4 --cut 0:03-0:05 --cut 0-0:02", 3, `--cut 00:00:00-00:00:02: .*before the one given before it.*order`},
		{"cut of a recording that is not there", "talk.mp4 --cut 2:0:01-0:02", 3, `recording 2, but there is only one`},
		{"cut that is none", "talk.mp4 --cut yesterday", 2, `--cut "yesterday": write it as FROM-TO`},
		{"cut without a time", "talk.mp4 --cut 1-x", 2, `--cut "1-x": "x" is not a time`},

		{"two files in one language", "talk.mp4 --subtitles en=en.srt --subtitles en=second.srt", 3, `second\.srt: is a second subtitle file in English \(en\), after en\.srt\. Give one`},
		{"two names of one language", "talk.mp4 --subtitles en=en.srt --subtitles eng=en.srt", 3, `second subtitle file in English`},
		{"unknown language", "talk.mp4 --subtitles englisch=en.srt", 3, `englisch.*is not a`},
		{"no language", "talk.mp4 --subtitles und=en.srt", 3, `und.*names no language\. Say which`},
		{"Spanish of Laos", "talk.mp4 --subtitles es-LA=en.srt", 3, `es-LA.*Laos\. Did you mean es-419`},
		{"subtitles without a language", "talk.mp4 --subtitles en.srt", 2, `--subtitles "en\.srt" is not LANG=FILE`},
		{"an encoding without a language", "talk.mp4 --subtitles en=en.srt --subtitles-encoding cp1252", 2, `--subtitles-encoding "cp1252" is not LANG=ENCODING`},
		{"an encoding of no file", "talk.mp4 --subtitles en=en.srt --subtitles-encoding fr=cp1252", 2, `--subtitles-encoding names fr \(French\), but there is no subtitle file in it`},
		{"an encoding that is none", "talk.mp4 --subtitles en=en.srt --subtitles-encoding eng=cp9999", 3, `en\.srt: cannot be read as "cp9999".*Name one such as`},
		{"no such subtitle file", "talk.mp4 --subtitles en=absent.srt", 3, `absent\.srt: does not exist.*Check the name`},
		{"a subtitle file that is none", "talk.mp4 --subtitles en=prose.srt", 3, `prose\.srt:1: is not a subtitle file`},
		{"a recording for a subtitle file", "talk.mp4 --subtitles en=talk.mp4", 3, `talk\.mp4: is in the format MP4/QuickTime, not text.*Upload a subtitle file`},
		{"a page for a subtitle file", "talk.mp4 --subtitles en=page.srt", 3, `page\.srt:1: is a web page.*Download`},
		{"an empty subtitle file", "talk.mp4 --subtitles en=empty.srt", 3, `empty\.srt:1: is empty`},
		{"subtitles of another video", "talk.mp4 --subtitles en=elsewhere.srt", 3, `elsewhere\.srt: has no cue within the programme`},

		{"no such talk file", "talk.mp4 --talk absent.yaml", 3, `absent\.yaml: cannot be read.*Give a YAML file`},
		{"no such pipeline", "talk.mp4 --pipeline absent.yaml", 3, `absent\.yaml: is neither the name of a pipeline nor a readable file.*built-in pipelines \(talk, tutorial\)`},
		{"output in a file's place", "talk.mp4 -o in-the-way", 3, `in-the-way: is not a directory\. Choose another`},
		{"a foreign directory in the way", "talk.mp4 --slug talk -o foreign", 3, `foreign/talk: .*Move it away, or choose another`},

		{"no recording", "", 2, `expected "<recording> \.\.\."(.|\n)*lectern run --help`},
		{"an output that a script forgot", "--out= talk.mp4", 2, `-o is empty`},
		{"an unknown flag", "talk.mp4 --tittle x", 2, `--tittle, did you mean "--title"\?`},
		{"an unknown clock", "talk.mp4 --subtitles-time wall", 2, `--subtitles-time`},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"run", "--title", "Talk", "--json"}, strings.Fields(c.args)...)
			if !strings.Contains(c.args, "--pipeline") {
				args = append(args, "--pipeline", "small.yaml")
			}
			if !strings.Contains(c.args, "-o ") && !strings.Contains(c.args, "--out") {
				args = append(args, "-o", "out")
			}
			stdout, stderr, code := d.lectern(args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !regexp.MustCompile(c.says).MatchString(stderr) {
				t.Errorf("it said\n%swant %s", stderr, c.says)
			}
			checkJSONError(t, stdout, stderr)
			if c := diffLines(facts, d.catalogDump()); c != "" {
				t.Errorf("the catalogue changed:\n%s", c)
			}
			if c := diffLines(files, d.files("out/talk")); c != "" {
				t.Errorf("the bundle changed:\n%s", c)
			}
			if left, err := os.ReadDir(d.path("out")); err != nil || len(left) != 1 {
				t.Errorf("beside the bundle lies %v, %v", left, err)
			}
		})
	}
	if c := diffLines(foreign, d.files("foreign/talk")); c != "" {
		t.Errorf("the foreign directory changed:\n%s", c)
	}
	if n := calls.Load(); n > 0 {
		t.Errorf("playlists made Lectern call their host %d times", n)
	}
	t.Run("with the cut that was offered", func(t *testing.T) {
		_, stderr, _ := d.lectern("run", "half.mp4", "--title", "Half", "--pipeline", "small.yaml", "-o", "out")
		cut := regexp.MustCompile(`--cut (\S+)`).FindStringSubmatch(stderr)
		if cut == nil {
			t.Fatalf("no cut is offered: %s", stderr)
		}
		dir := strings.TrimSpace(d.run("half.mp4", "--title", "Half", "--cut", cut[1]))
		if _, stderr, code := d.lectern("bundle", "verify", dir); code != 0 {
			t.Errorf("its bundle is not sound: %s", stderr)
		}
	})
}

// diffLines returns the lines that only one of two texts contains.
func diffLines(before, after string) string {
	var all strings.Builder
	for line := range strings.Lines(before) {
		if !strings.Contains(after, line) {
			all.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(after) {
		if !strings.Contains(before, line) {
			all.WriteString("+ " + line)
		}
	}
	return all.String()
}

// checkJSONError checks that standard output is one JSON document, which has the error.
func checkJSONError(t *testing.T, stdout, stderr string) {
	t.Helper()
	var said struct {
		Error struct{ Problem string }
	}
	if err := json.Unmarshal([]byte(stdout), &said); err != nil {
		t.Errorf("standard output is no JSON document (%v): %q", err, stdout)
		return
	}
	first, _, _ := strings.Cut(said.Error.Problem, "\n")
	if first == "" || !strings.Contains(stderr, first) {
		t.Errorf("the JSON document says %q, and standard error %q", said.Error.Problem, stderr)
	}
}

// servePlaylists writes files that look like recordings and point to a server, and counts the
// requests there.
func (d *cliTest) servePlaylists() *atomic.Int32 {
	d.t.Helper()
	host, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	calls, done := new(atomic.Int32), make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := host.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			c.Close()
		}
	}()
	d.t.Cleanup(func() { host.Close(); <-done })
	url := "http://" + host.Addr().String() + "/segment.ts"
	hls := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n%s\n#EXT-X-ENDLIST\n"
	d.write("hls.mp4", fmt.Sprintf(hls, url))
	d.write("hls-passwd.mp4", fmt.Sprintf(hls, "file:///etc/passwd"))
	d.write("concat.mp4", "ffconcat version 1.0\nfile /etc/passwd\nfile "+url+"\n")
	d.write("dash.mp4", `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>`+url+`</BaseURL></Representation></AdaptationSet></Period></MPD>
`)
	d.write("sdp.mp4", fmt.Sprintf("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=talk\nc=IN IP4 127.0.0.1\nt=0 0\nm=video %d RTP/AVP 96\na=rtpmap:96 H264/90000\n",
		host.Addr().(*net.TCPAddr).Port))
	return calls
}
