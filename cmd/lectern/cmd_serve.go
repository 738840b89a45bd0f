package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/watchfolder"
	"github.com/lectern-av/lectern/internal/web"
)

type serveCmd struct {
	Listen string `help:"Address to listen on. Only this machine can reach the default; 0.0.0.0:8080 is open to the network." default:"127.0.0.1:8080" placeholder:"ADDRESS"`
	URL    string `name:"url" help:"Public address of the server if it differs from --listen, such as https://lectern.example behind a TLS proxy." placeholder:"URL"`
	Out    string `short:"o" help:"Directory for released bundles. By default it is in the data directory." type:"path" placeholder:"DIR"`
	Watch  string `help:"A folder to watch. Its recordings are used in place, as soon as they stop growing." type:"path" placeholder:"DIR"`

	LocalSlots int `help:"Jobs that this machine runs at once. By default one for each core, and at least two. 0 leaves all jobs to workers on other machines." default:"-1" placeholder:"N"`

	MailServer string `help:"The mail server: smtp://USER:PASSWORD@HOST:587 or smtps://…. Without it, emails are printed." env:"LECTERN_MAIL" placeholder:"URL"`
	MailFrom   string `help:"Sender of emails." placeholder:"ADDRESS"`
	MailReply  string `help:"Reply-to address of emails." placeholder:"ADDRESS"`
	redisFlag
	dataFlag
}

// Run implements `lectern serve`: it runs the conference server until it is interrupted or a part
// of it fails. It exits with code 3 if the address is taken or if another server uses the data
// directory.
func (c *serveCmd) Run(ctx context.Context, t *console) (err error) {
	if c.LocalSlots == 0 && c.Redis == "" {
		return &usageError{"with --local-slots 0, other machines run the jobs; name their Redis with --redis URL"}
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return inputerr.New(c.Listen, "is not available: %v", err).Hint("Choose another address with --listen")
	}
	defer listener.Close()
	h, err := openDataDir(ctx, t, c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	tools, err := media.FindTools()
	if err != nil {
		return err
	}
	q, stop, err := startQueueWorker(ctx, t, h.store, c.Redis, c.LocalSlots)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	if c.URL == "" {
		c.URL = "http://" + listener.Addr().String()
	}
	sender, err := c.mailSender(t)
	if err != nil {
		return err
	}
	builder := h.publisher(t, q)
	buildLoop := conductor.NewBuildLoop(builder)
	board, err := service.NewBoard(ctx, h.catalog, buildLoop)
	if err != nil {
		return err
	}
	o := service.New(service.Config{
		Catalog: h.catalog, Store: h.store, Board: board, Builder: builder, BuildLoop: buildLoop, Tools: tools, Log: t.log,
		BundleDir: filepath.Join(c.Data, "bundles"), ReleaseDir: cmp.Or(c.Out, filepath.Join(c.Data, "released")), URL: strings.TrimSuffix(c.URL, "/"),
	})
	pages, err := web.New(web.Options{Service: o, Log: t.log, URL: c.URL, Uploads: filepath.Join(c.Data, "uploads")})
	if err != nil {
		return err
	}
	socket, err := listenSocket(c.Data)
	if err != nil {
		return err
	}
	if err := c.printWelcome(ctx, t, o); err != nil {
		return err
	}
	services, ctx := errgroup.WithContext(ctx)
	services.Go(func() error { return buildLoop.Run(ctx) })
	services.Go(func() error { return board.Run(ctx) })
	services.Go(func() error { return o.Recordings.RunInspections(ctx) })
	services.Go(func() error { return o.Releases.Run(ctx) })
	if c.Watch != "" {
		services.Go(func() error { return c.watchFolder(ctx, t, h.catalog, o.Recordings) })
	}
	services.Go(func() error { return o.Notifier.Run(ctx) })
	services.Go(func() error {
		return mail.Dispatcher{Catalog: h.catalog, Sender: sender, Wake: o.Notifier.Queued, Log: t.log}.Run(ctx)
	})
	services.Go(func() error { return pages.Run(ctx) })
	services.Go(func() error { return serveHTTP(ctx, pages, listener, socket) })
	return services.Wait()
}

// Of the watched folder.
const (
	watchSettleTime   = 20 * time.Second // for which a file has to stay as it is
	watchPollInterval = 5 * time.Second
)

// watchFolder adds the recordings in the watched folder to the server as they become complete,
// until ctx ends. The files stay where they are.
func (c *serveCmd) watchFolder(ctx context.Context, t *console, books *catalog.Catalog, recordings *service.Recordings) error {
	err := watchfolder.Watch(ctx, c.Watch, watchfolder.Options{StableFor: watchSettleTime, PollInterval: watchPollInterval, Log: t.log}, func(ctx context.Context, f watchfolder.File) error {
		found, _, err := submission.HashRecordings(ctx, books, []string{f.Path}, nil)
		if err != nil {
			return err
		}
		r := found[0]
		return recordings.Receive(ctx, service.ReceivedRecording{
			ID: fmt.Sprintf("%.32s", r.SHA256), Name: r.Name, Path: f.Path, KeepInPlace: true, SHA256: r.SHA256, Size: r.Size, Who: "watched folder", Room: f.Room,
		})
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// mailSender returns the sender of emails: by SMTP to --mail-server or, without it, one that prints
// them to the terminal.
func (c *serveCmd) mailSender(t *console) (mail.Sender, error) {
	if c.MailServer == "" {
		return mail.PrintSender{Out: t.err}, nil
	}
	if c.MailFrom == "" {
		return nil, &usageError{"--mail-server needs --mail-from: who letters are from"}
	}
	return mail.NewSMTP(c.MailServer, c.MailFrom, c.MailReply)
}

// printWelcome prints the address of the server. Until an organiser has signed in, it also prints a
// new one-time link with which the first one can.
func (c *serveCmd) printWelcome(ctx context.Context, t *console, o *service.Service) error {
	fmt.Fprintf(t.out, "Lectern serves %s\n", c.URL)
	secret, ok, err := o.People.CreateFirstOrganiserLink(ctx)
	if err != nil || !ok {
		return err
	}
	_, err = fmt.Fprintf(t.out, "No organiser has signed in yet. This link makes you the organiser. It works once, and expires in a day:\n  %s\n", web.LinkURL(c.URL, secret))
	return err
}

// socketPath returns the path of the socket by which commands on this machine reach the server of a
// data directory. It is in the data directory, except for the system's data directory, whose socket
// is in /run. If the path would be too long for a socket, it is in a directory of this user below
// the temporary directory.
func socketPath(data string) (string, error) {
	const most = 100 // bytes; Linux allows 107, macOS 103
	data, err := filepath.Abs(data)
	if err != nil {
		return "", err
	}
	if data == systemDataDir {
		return systemSocket, nil
	}
	path := filepath.Join(data, "lectern.sock")
	if len(path) <= most {
		return path, nil
	}
	sum := sha256.Sum256([]byte(data))
	return filepath.Join(os.TempDir(), fmt.Sprintf("lectern-%d", os.Getuid()), hex.EncodeToString(sum[:8])+".sock"), nil
}

// checkDirOwner returns an *inputerr.Error if dir is no directory or belongs to another user, who
// could replace the socket in it. root may use any directory.
func checkDirOwner(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if of, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || ok && of.Uid != uint32(os.Getuid()) && os.Getuid() != 0 {
		return inputerr.New(dir, "belongs to another user").Hint("Choose a data directory of your own")
	}
	return nil
}

// listenSocket listens on the socket of a data directory. It first removes an existing socket. The
// caller must hold the directory's lock, so that the server that made that socket is dead.
func listenSocket(data string) (net.Listener, error) {
	path, err := socketPath(data)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkDirOwner(dir); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for commands of this machine: %w", err)
	}
	mode := os.FileMode(0o600)
	if path == systemSocket {
		mode = 0o660 // for the group of the service
	}
	return l, os.Chmod(path, mode)
}

// shutdownTimeout is how long open requests may take to finish.
const shutdownTimeout = 5 * time.Second

// serveHTTP serves HTTP on both listeners until ctx ends or one of them fails. Requests on local
// are treated as an organiser's. It then gives open requests shutdownTimeout to finish.
func serveHTTP(ctx context.Context, handler http.Handler, public, local net.Listener) error {
	servers := []*http.Server{
		{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10},
		{Handler: asOperator(handler), ReadHeaderTimeout: 10 * time.Second},
	}
	ended := make(chan error, len(servers))
	for i, l := range []net.Listener{public, local} {
		go func() { ended <- servers[i].Serve(l) }()
	}
	var err error
	running := len(servers)
	select {
	case <-ctx.Done():
	case err = <-ended:
		running--
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(closing) != nil {
			s.Close() // cuts off live pages, which connect again
		}
	}
	for range running {
		<-ended
	}
	return err
}
