package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Links are long, and nobody guesses one; but nobody needs to try a hundred either.
const (
	linksBurst          = 30              // links that may be tried at once from one address
	linksEvery          = 2 * time.Second // after which it is one more
	maxTrackedAddresses = 10_000          // addresses that are kept count of
)

// rateLimits keeps count of who tries links, by address.
type rateLimits struct {
	mu    sync.Mutex
	tries map[string]*rate.Limiter
}

// allowLink reports whether somebody may try one more link.
func (l *rateLimits) allowLink(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // by the data directory's socket
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

// maxHeavyRequests is how many requests that run programs or read whole films are answered at once.
const maxHeavyRequests = 2

// runHeavy does something that takes the machine's time, when it is its turn.
func (s *Server) runHeavy(ctx context.Context, do func() error) error {
	select {
	case s.heavy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.heavy }()
	return do()
}
