package queue

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// silenceGoRedis stops go-redis, once for the process, from writing to standard error whenever
// a connection breaks. The errors themselves reach us, and our log.
var silenceGoRedis = sync.OnceFunc(logging.Disable)

// connect sets rdb: a client that uses dial, or one of the embedded Redis if there is no URL, or
// one of the Redis at the URL. It checks only the last of these. For the embedded Redis it also
// sets embedded and url.
func (q *Queue) connect(ctx context.Context, dial func(context.Context) (net.Conn, error)) error {
	silenceGoRedis()
	switch {
	case dial != nil:
		q.rdb = redis.NewClient(withQueueDefaults(&redis.Options{Dialer: bufferedDialer(dial)}))
		return nil
	case q.url == "":
		return q.startEmbedded()
	}
	o, err := parseURL(q.url)
	if err != nil {
		return err
	}
	q.rdb = redis.NewClient(withQueueDefaults(o))
	if err := q.checkServer(ctx); err != nil {
		return errors.Join(err, q.rdb.Close())
	}
	return nil
}

// failurePause makes a command that fails take a moment. asynq asks for the next job again as
// soon as it has failed to, which with a Redis that is out of memory costs half a core.
type failurePause struct{ pause time.Duration }

func (failurePause) DialHook(next redis.DialHook) redis.DialHook { return next }

func (failurePause) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (u failurePause) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		// An unknown script is no failure: it is sent next.
		if err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT") {
			select {
			case <-ctx.Done():
			case <-time.After(u.pause):
			}
		}
		return err
	}
}

func (q *Queue) disconnect() error {
	err := q.rdb.Close()
	if q.embedded != nil {
		q.embedded.Close()
	}
	return err
}

// startEmbedded starts a Redis in this process, on a free port of the loopback interface and with a
// random password, and connects to it.
func (q *Queue) startEmbedded() error {
	q.embedded = miniredis.NewMiniRedis()
	password := rand.Text()
	q.embedded.RequireAuth(password)
	if err := q.embedded.StartAddr("127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the embedded Redis: %w", err)
	}
	q.tasks.Go(q.expireKeys)
	q.url = (&url.URL{Scheme: "redis", User: url.UserPassword("", password), Host: q.embedded.Addr(), Path: "/0"}).String()
	q.rdb = redis.NewClient(withQueueDefaults(&redis.Options{Addr: q.embedded.Addr(), Password: password}))
	return nil
}

// expiryInterval is how precisely the embedded Redis expires keys.
const expiryInterval = 100 * time.Millisecond

// expireKeys makes keys of the embedded Redis expire in time, until the queue is closed. Miniredis
// does not do so by itself, except with ClockTTL, which sorts all keys at every command: with
// thousands of jobs waiting, that took ten times as long as the work.
func (q *Queue) expireKeys() {
	tick := time.NewTicker(expiryInterval)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-q.closed:
			return
		case <-tick.C:
			now := time.Now()
			q.embedded.FastForward(now.Sub(last))
			last = now
		}
	}
}

// withQueueDefaults sets, in o, the options that suit a queue, and returns o: commands end with
// their contexts, an outage of Redis is noticed at once, and connecting takes one round trip.
func withQueueDefaults(o *redis.Options) *redis.Options {
	o.ContextTimeoutEnabled = true
	o.DialerRetries = 1
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

// parseURL returns the options that a redis:// or rediss:// URL stands for. For an invalid URL it
// returns an [inputerr.Error], which does not show the password.
func parseURL(s string) (*redis.Options, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "redis" && u.Scheme != "rediss") {
		return nil, inputerr.New("Redis", "%q is not a Redis URL", redacted(s)).
			Hint("Write redis://[user:password@]host[:port][/database], or rediss:// for TLS")
	}
	o, err := redis.ParseURL(s)
	if err != nil {
		return nil, inputerr.New("Redis", "%s: %s", u.Redacted(), strings.TrimPrefix(err.Error(), "redis: ")).
			Hint("Write redis://[user:password@]host[:port][/database], or rediss:// for TLS")
	}
	if o.TLSConfig != nil {
		o.TLSConfig.MinVersion = tls.VersionTLS12
	}
	return o, nil
}

// redacted returns s, which may be an invalid URL, with everything between the scheme and the last
// @ replaced by an ellipsis.
func redacted(s string) string {
	at := strings.LastIndex(s, "@")
	if at < 0 {
		return s
	}
	scheme, _, _ := strings.Cut(s, "://")
	return scheme + "://…" + s[at:]
}

// checkServer returns an [inputerr.Error] if the Redis at the URL is older than 6.2, is a cluster,
// or may delete jobs when its memory is full. It returns another error if it cannot reach Redis.
func (q *Queue) checkServer(ctx context.Context) error {
	u, err := url.Parse(q.url)
	if err != nil {
		return err
	}
	where := u.Redacted()
	text, err := q.rdb.Info(ctx).Result()
	if err != nil {
		return fmt.Errorf("reach Redis at %s: %w", where, err)
	}
	info := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if k, v, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":"); ok {
			info[k] = v
		}
	}
	if v := info["redis_version"]; olderThan(v, 6, 2) {
		return inputerr.New(where, "runs Redis %s", v).Hint("Use Redis 6.2 or newer")
	}
	if info["redis_mode"] == "cluster" {
		return inputerr.New(where, "is a cluster").Hint("Use a standalone Redis")
	}
	if p := info["maxmemory_policy"]; p != "noeviction" && p != "" {
		if info["maxmemory"] != "0" {
			return inputerr.New(where, "has maxmemory-policy %s, which deletes jobs when its memory is full", p).
				Hint("Set maxmemory-policy to noeviction in redis.conf, or with: redis-cli config set maxmemory-policy noeviction")
		}
		q.log.Warn("Redis would delete jobs if it were given a maxmemory; set maxmemory-policy to noeviction",
			"redis", where, "maxmemory-policy", p)
	}
	return nil
}

// olderThan reports whether a version such as "6.0.16" is before major.minor. It returns false for
// a version that it cannot parse.
func olderThan(version string, major, minor int) bool {
	a, rest, _ := strings.Cut(version, ".")
	b, _, _ := strings.Cut(rest, ".")
	ma, err1 := strconv.Atoi(a)
	mi, err2 := strconv.Atoi(b)
	if err1 != nil || err2 != nil {
		return false
	}
	return ma < major || ma == major && mi < minor
}

// bufferedDialer returns a dialer whose connections, made by dial, buffer what is written, so that
// a writer never waits for the reader. It ignores the network and the address.
func bufferedDialer(dial func(context.Context) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		p := &bufferedConn{Conn: c, more: make(chan struct{}, 1), done: make(chan struct{})}
		go p.flushLoop()
		return p, nil
	}
}

// bufferedConn makes a net.Pipe one that can be written to before the other end reads. A client
// that writes many commands before it reads the first reply would otherwise wait for a server
// that waits for the client. flushLoop ends when the connection is closed.
type bufferedConn struct {
	net.Conn
	mu      sync.Mutex
	pending []byte
	more    chan struct{} // signals that pending has grown
	once    sync.Once
	done    chan struct{}
}

func (p *bufferedConn) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.pending = append(p.pending, b...)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (p *bufferedConn) flushLoop() {
	for {
		select {
		case <-p.done:
			return
		case <-p.more:
		}
		p.mu.Lock()
		b := p.pending
		p.pending = nil
		p.mu.Unlock()
		if _, err := p.Conn.Write(b); err != nil {
			p.Close()
			return
		}
	}
}

func (p *bufferedConn) Close() error {
	p.once.Do(func() { close(p.done) })
	return p.Conn.Close()
}
