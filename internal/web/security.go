package web

import (
	"net/http"
	"strings"
)

// contentSecurityPolicy allows only what this server serves, and no inline scripts or styles.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxFormBytes limits the size of forms, which may contain subtitle files.
const maxFormBytes = 32 << 20

// withSecurityHeaders returns a handler that adds security headers to all responses of next. It
// limits request bodies to maxFormBytes, except those of uploads, and refuses cross-origin requests
// other than GET, HEAD and OPTIONS.
func (s *Server) withSecurityHeaders(next http.Handler) http.Handler {
	limited := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // URLs of links contain secrets
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if !strings.HasPrefix(r.URL.Path, uploadsPath) {
			r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		}
		next.ServeHTTP(w, r)
	})
	return http.NewCrossOriginProtection().Handler(limited)
}

// uploadsPath is the path prefix of recording uploads, which have their own size limit.
const uploadsPath = "/uploads/"
