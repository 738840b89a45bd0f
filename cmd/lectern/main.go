// Command lectern turns recordings of talks and their subtitles into bundles that are ready to
// upload. It is the conference server as well.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// Exit codes besides 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInputError  = 3 // the input is at fault
	exitInterrupted = 130
)

// commands are all commands, for kong.
type commands struct {
	Serve        serveCmd        `cmd:"" help:"Run the conference server: pages, API, queue and workers in one process."`
	Run          runCmd          `cmd:"" help:"Build the bundle of a talk from its recordings and subtitle files."`
	Probe        probeCmd        `cmd:"" help:"Check recordings for issues."`
	Subtitles    subtitlesCmd    `cmd:"" help:"Read, check, fix, convert and compare subtitle files."`
	Translations translationsCmd `cmd:"" help:"Work with translated subtitles."`
	Import       importCmd       `cmd:"" help:"Import a conference schedule, once or again after changes."`
	Submit       submitCmd       `cmd:"" help:"Upload recordings to the conference server."`
	Cut          cutCmd          `cmd:"" help:"Trim a talk, and choose its audio channels."`
	Approve      approveCmd      `cmd:"" help:"Approve a talk for publication, or report a problem."`
	Release      releaseCmd      `cmd:"" help:"Release a talk to the public."`
	Link         linkCmd         `cmd:"" help:"Manage access by links and tokens."`
	Status       statusCmd       `cmd:"" help:"List the talks and their state, and show failures."`
	Explain      explainCmd      `cmd:"" help:"Explain why each step of a talk's last build ran."`
	Bundle       bundleCmd       `cmd:"" help:"Build, verify and compare bundles."`
	Worker       workerCmd       `cmd:"" help:"Run jobs of a server or a build on another machine."`
	Gc           gcCmd           `cmd:"" help:"Remove files from the data directory that no talk needs."`
	Doctor       doctorCmd       `cmd:"" help:"Check this machine for what Lectern needs."`

	Version    versionCmd    `cmd:"" help:"Show the version of Lectern and of the ffmpeg in use."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`
	Complete   completeCmd   `cmd:"" name:"__complete" hidden:""`

	Verbose     bool             `short:"v" help:"Log details to standard error."`
	ShowVersion kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

// newParser returns the parser that fills c from a command line. dataDir is the default of --data.
func newParser(c *commands, dataDir string) (*kong.Kong, error) {
	parser, err := kong.New(c,
		kong.Name("lectern"),
		kong.Description("Turn recorded talks and subtitle files into videos that are ready to upload."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{
			"version": "lectern " + readBuildVersion().Version, "data": dataDir,
			"profile": check.DefaultProfile, "profiles": strings.Join(check.ProfileNames(), ", "),
		},
	)
	if err != nil {
		return nil, err
	}
	addExamples(parser.Model.Node)
	return parser, nil
}

// console holds a command's output streams, its log and its command line.
type console struct {
	out  io.Writer // results
	err  *terminal // progress and logs
	log  *slog.Logger
	args []string // the command line, for the books
}

func main() {
	os.Exit(run(os.Args[1:]))
}

// run parses the arguments, runs the command that they name and returns the exit code. Without
// arguments it prints the help. An interrupt or SIGTERM ends the context of the command, and a
// second one kills the process.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once

	var c commands
	parser, err := newParser(&c, defaultDataDir())
	if err != nil {
		fmt.Fprintln(os.Stderr, "lectern:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	t := &console{out: os.Stdout, err: &terminal{out: os.Stderr}, args: args}
	parsed, err := parser.Parse(args)
	if err != nil {
		return t.report(&usageError{fmt.Sprintf("%v\nTry: lectern %s--help", err, commandName(parser.Model.Node, args))})
	}
	t.log = slog.New(plainLogHandler{out: t.err})
	if c.Verbose {
		t.log = slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(parser)
	if err = parsed.Run(t); err != nil && ctx.Err() != nil {
		err = errInterrupted
		if command := parsed.Command(); strings.HasPrefix(command, "subtitles ") || strings.HasPrefix(command, "translations ") {
			err = fmt.Errorf("%w; nothing was written", err)
		} else {
			err = fmt.Errorf("%w; the next run continues from here", err)
		}
	}
	return t.report(err)
}

// commandName returns the command that args begin with, such as "bundle build ", with a space at
// the end. It returns "" if args do not begin with a command.
func commandName(known *kong.Node, args []string) string {
	for _, c := range known.Children {
		if len(args) > 0 && c.Name == args[0] {
			return c.Name + " " + commandName(c, args[1:])
		}
	}
	return ""
}

// errReported is returned by commands that have printed already what is wrong.
var errReported = errors.New("failed")

// usageError is a command line that parses but makes no sense.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

var errInterrupted = errors.New("interrupted")

// report prints an error and returns the exit code for it, 0 if err is nil. With --json it prints
// the error as JSON too. It prints nothing for errReported.
func (t *console) report(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, errReported) {
		return exitFailed
	}
	if slices.Contains(t.args, "--json") {
		if err := t.printJSON(map[string]any{"error": jsonError(err)}); err != nil {
			fmt.Fprintln(t.err, "lectern:", err)
		}
	}
	var attention *conductor.ActionsFailedError
	if errors.As(err, &attention) {
		printFailures(t.err, attention.Failures)
		return exitFailed
	}
	code, said := exitFailed, err
	var usage *usageError
	switch f := inputerr.As(err); {
	case errors.Is(err, errInterrupted):
		code = exitInterrupted
	case errors.As(err, &usage):
		code = exitUsage
	case f != nil:
		code, said = exitInputError, f
	}
	fmt.Fprintln(t.err, "lectern:", said)
	return code
}

// printJSON prints v to standard output as an indented JSON document.
func (t *console) printJSON(v any) error {
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// The package installs a service with this data directory. Members of its group may use its socket,
// but only the service may read the directory.
const (
	systemDataDir = "/var/lib/lectern"
	systemSocket  = "/run/lectern/lectern.sock"
)

// defaultDataDir returns the default of --data: $LECTERN_DATA if set, else the system's data
// directory if this user owns it or is in its group, else the user's own directory for application data.
func defaultDataDir() string {
	if dir := os.Getenv("LECTERN_DATA"); dir != "" {
		return dir
	}
	if isOwnerOrMember(systemDataDir) {
		return systemDataDir
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lectern")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "lectern-data"
	}
	return filepath.Join(home, ".local", "share", "lectern")
}

// isOwnerOrMember reports whether dir exists and this process runs as root, as its owner or in its
// group.
func isOwnerOrMember(dir string) bool {
	var info unix.Stat_t
	if err := unix.Stat(dir, &info); err != nil {
		return false
	}
	groups, err := os.Getgroups()
	euid := os.Geteuid()
	return euid == 0 || int(info.Uid) == euid || int(info.Gid) == os.Getegid() ||
		err == nil && slices.Contains(groups, int(info.Gid))
}
