//go:build slow

package conductor_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conductor"
)

// redisServer is a redis-server process that the test starts.
type redisServer struct {
	t    *testing.T
	port string
	cmd  *exec.Cmd
}

func newRedisServer(t *testing.T) *redisServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := &redisServer{t: t, port: port}
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *redisServer) url() string { return "redis://127.0.0.1:" + r.port }

// start starts an empty server and waits until it accepts connections.
func (r *redisServer) start() {
	r.t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		r.t.Fatal("This test needs redis-server. Install it with: apt-get install redis-server (Debian, Ubuntu) or: brew install redis (macOS)")
	}
	r.cmd = exec.Command(path, "--port", r.port, "--bind", "127.0.0.1", "--save", "")
	out, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return
		}
	}
	r.t.Fatal("redis-server did not start")
}

// kill ends the server like kill -9.
func (r *redisServer) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // "signal: killed"
}

// flush deletes all data.
func (r *redisServer) flush() {
	r.t.Helper()
	c := r.connect("FLUSHALL")
	defer c.Close()
	if said, err := bufio.NewReader(c).ReadString('\n'); said != "+OK\r\n" {
		r.t.Fatalf("FLUSHALL: %q, %v", said, err)
	}
}

func (r *redisServer) connect(command string) net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+r.port)
	if err == nil {
		_, err = io.WriteString(c, command+"\r\n")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// monitor reads the commands that the server executes.
type monitor struct {
	net.Conn
	lines *bufio.Scanner
}

func (r *redisServer) monitor() *monitor {
	r.t.Helper()
	m := &monitor{Conn: r.connect("MONITOR")}
	m.lines = bufio.NewScanner(m)
	m.lines.Buffer(nil, 64<<20)
	if !m.lines.Scan() || m.lines.Text() != "+OK" {
		r.t.Fatalf("MONITOR: %q", m.lines.Text())
	}
	return m
}

// waitForLine reads up to the n-th line that matches a pattern.
func (m *monitor) waitForLine(t *testing.T, n int, pattern string) {
	t.Helper()
	want := regexp.MustCompile(pattern)
	if err := m.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for m.lines.Scan() {
		if want.MatchString(m.lines.Text()) {
			if n--; n == 0 {
				return
			}
		}
	}
	t.Fatalf("MONITOR ended before it showed %s %d times more: %v", pattern, n, m.lines.Err())
}

// startedPattern matches the command by which a worker reports the start of a job.
const startedPattern = `(?i)"PUBLISH" "lectern:\{[^}]*\}:events" "\{\\"type\\":\\"started\\"`

// actionCounts parses the output of `lectern run --json`.
func actionCounts(t *testing.T, printed []byte) map[string]conductor.Count {
	t.Helper()
	var result struct {
		Actions map[string]conductor.Count `json:"actions"`
	}
	if err := json.Unmarshal(printed, &result); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	return result.Actions
}

func totalRan(t *testing.T, printed []byte) (ran int) {
	t.Helper()
	for _, c := range actionCounts(t, printed) {
		ran += c.Ran
	}
	return ran
}

// Every job goes through asynq: with one rendition, that is every action. Later runs, during which
// Redis is flushed and killed, give the same output.
func TestRun_ExternalRedis(t *testing.T) {
	lectern := buildLectern(t)
	server := newRedisServer(t)
	whole := newTestTalk(t)

	m := server.monitor()
	defer m.Close()
	printed, took := mustRun(t, whole.runCommand(t, lectern, "--redis", server.url()))
	server.connect("ECHO it-is-over").Close()
	passed := m.collectJobs(t, "it-is-over")
	want := whole.decodedOutput(t)
	whole.expectOutput(t, want)
	t.Logf("undisturbed: %s", took)
	for _, step := range []string{"enqueued", "taken", "done"} {
		if n := len(passed[step]); n != totalRan(t, printed) {
			t.Errorf("%d actions ran, and %d jobs were %s in asynq", totalRan(t, printed), n, step)
		}
	}

	for name, disturb := range map[string]func(t *testing.T){
		"flushed three times": func(t *testing.T) {
			m := server.monitor()
			defer m.Close()
			for range 3 {
				m.waitForLine(t, 3, startedPattern)
				server.flush()
			}
		},
		"killed and restarted empty three times": func(t *testing.T) {
			for range 3 {
				m := server.monitor()
				m.waitForLine(t, 3, startedPattern)
				server.kill()
				m.Close()
				server.start()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.flush()
			k := whole.clone(t)
			cmd := k.runCommand(t, lectern, "--redis", server.url())
			ended := make(chan error, 1)
			began := time.Now()
			go func() { ended <- cmd.Run() }()
			disturb(t)
			if err := <-ended; err != nil {
				t.Fatalf("%v\n%s", err, cmd.Stderr)
			}
			k.expectOutput(t, want)
			// Twice the undisturbed time allows for a change of load.
			if now := time.Since(began); now > 2*took+30*time.Second {
				t.Errorf("it took %s, and %s undisturbed", now, took)
			} else {
				t.Logf("it took %s", now)
			}
		})
	}

	t.Run("a second worker helps, and is killed", func(t *testing.T) {
		server.flush()
		k := whole.clone(t)
		m := server.monitor()
		defer m.Close()
		helper := exec.CommandContext(t.Context(), lectern, "worker", "--redis", server.url(), "--data", k.path("data"))
		said, err := helper.StderrPipe()
		if err == nil {
			err = helper.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(said).ReadString('\n'); !strings.Contains(line, "slots") {
			t.Fatalf("%q, %v", line, err)
		}
		cmd := k.runCommand(t, lectern, "--redis", server.url())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Run() }()
		m.waitForLine(t, 3, startedPattern+`.*-`+strconv.Itoa(helper.Process.Pid)+`\\"`)
		if err := helper.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = helper.Wait() // "signal: killed"
		if err := <-ended; err != nil {
			t.Fatalf("%v\n%s", err, cmd.Stderr)
		}
		// The next run removes what the killed processes left.
		if printed, _ := mustRun(t, k.runCommand(t, lectern, "--redis", server.url())); totalRan(t, printed) != 0 {
			t.Errorf("the next run made %s", printed)
		}
		k.expectOutput(t, want)
	})
}

// collectJobs returns the IDs of jobs by what asynq did with them, up to the line that contains
// last.
func (m *monitor) collectJobs(t *testing.T, last string) map[string]map[string]bool {
	t.Helper()
	steps := map[string]*regexp.Regexp{
		"enqueued": regexp.MustCompile(`"asynq:\{[^}]*\}:t:([0-9a-f]{32})" "asynq:\{[^}]*\}:pending"`),
		"taken":    regexp.MustCompile(`(?i)"SET" "lectern:\{[^}]*\}:beat:([0-9a-f]{32})"`),
		"done":     regexp.MustCompile(`"asynq:\{[^}]*\}:active" "asynq:\{[^}]*\}:lease" "asynq:\{[^}]*\}:t:([0-9a-f]{32})"`),
	}
	jobs := make(map[string]map[string]bool)
	for name := range steps {
		jobs[name] = make(map[string]bool)
	}
	for m.lines.Scan() {
		if strings.Contains(m.lines.Text(), last) {
			return jobs
		}
		for name, pattern := range steps {
			if found := pattern.FindStringSubmatch(m.lines.Text()); found != nil {
				jobs[name][found[1]] = true
			}
		}
	}
	t.Fatal(fmt.Errorf("MONITOR ended: %w", m.lines.Err()))
	return nil
}
