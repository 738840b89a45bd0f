package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Secrets of links are too long to guess; these limits only keep guessing cheap for the server.
const (
	linksBurst          = 30              // tries at once from one address
	linksEvery          = 2 * time.Second // after which one more try is allowed
	maxTrackedAddresses = 10_000          // limiters kept in memory
)

// rateLimits limits how often an address may try secrets of links.
type rateLimits struct {
	mu    sync.Mutex
	tries map[string]*rate.Limiter
}

// allowLink reports whether the sender of a request may try another link now, and counts the try.
// Requests from the socket in the data directory are not limited.
func (l *rateLimits) allowLink(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // from the socket in the data directory
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tries == nil || len(l.tries) > maxTrackedAddresses {
		l.tries = make(map[string]*rate.Limiter)
	}
	if l.tries[host] == nil {
		l.tries[host] = rate.NewLimiter(rate.Every(linksEvery), linksBurst)
	}
	return l.tries[host].Allow()
}

// maxHeavyRequests limits how many requests may run programs or read whole videos at a time.
const maxHeavyRequests = 2

// runHeavy calls do and returns its error. If maxHeavyRequests others are running, it waits, and
// returns ctx's error if ctx ends meanwhile.
func (s *Server) runHeavy(ctx context.Context, do func() error) error {
	select {
	case s.heavy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.heavy }()
	return do()
}
