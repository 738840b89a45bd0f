package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"
)

// terminal writes to standard error. On a real terminal, a block of lines can stay at the end and be
// redrawn, while other output scrolls above it.
type terminal struct {
	out *os.File

	mu    sync.Mutex
	block []string // what stands at the end
}

// width returns the number of columns of the terminal, and whether standard error is a terminal.
func (s *terminal) width() (int, bool) {
	w, _, err := term.GetSize(int(s.out.Fd()))
	return w, err == nil && w > 0
}

// drawBlock replaces the block at the end of the output by lines, in one write so that it does not
// flicker. Lines that do not fit on the terminal are left out.
func (s *terminal) drawBlock(lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, height, err := term.GetSize(int(s.out.Fd())); err == nil && len(lines) >= height {
		lines = lines[:max(0, height-1)]
	}
	s.rewrite(nil, lines)
}

// Write prints b above the block. If there is a block, b must end with a newline.
func (s *terminal) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.block) == 0 {
		return s.out.Write(b)
	}
	return len(b), s.rewrite(b, s.block)
}

// finishBlock leaves the block on the terminal; later output appears below it. It clears the line
// below the block, where the terminal may have echoed ^C.
func (s *terminal) finishBlock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.block) > 0 {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
	s.block = nil
}

// rewrite replaces the old block by text and, below it, the new block. text may be empty; otherwise
// it must end with a newline. The caller holds the mutex.
func (s *terminal) rewrite(text []byte, block []string) error {
	var b strings.Builder
	if n := len(s.block); n > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA", n)
	}
	if len(text) > 0 {
		b.WriteString("\x1b[J")
		b.Write(text)
	}
	for _, line := range block {
		b.WriteString(line + "\x1b[K\n")
	}
	if len(block) < len(s.block) {
		b.WriteString("\x1b[J")
	}
	s.block = block
	_, err := s.out.WriteString(b.String())
	return err
}

// plainLogHandler prints log records as messages for people.
type plainLogHandler struct {
	out   *terminal
	attrs []slog.Attr
}

// Enabled reports whether the level is a warning or higher. Lower levels are not shown.
func (m plainLogHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

// Handle prints a record as one line, such as "lectern: MESSAGE: ERROR (slot encode/720/r0/3,
// attempt 2)".
func (m plainLogHandler) Handle(_ context.Context, r slog.Record) error {
	line := "lectern: " + r.Message
	var about []string
	add := func(a slog.Attr) bool {
		if a.Key == "err" || a.Key == "error" {
			line += ": " + a.Value.String()
		} else {
			about = append(about, a.Key+" "+a.Value.String())
		}
		return true
	}
	for _, a := range m.attrs {
		add(a)
	}
	r.Attrs(add)
	if len(about) > 0 {
		line += " (" + strings.Join(about, ", ") + ")"
	}
	_, err := fmt.Fprintln(m.out, line)
	return err
}

// WithAttrs returns a handler that also prints these attributes with each record.
func (m plainLogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	m.attrs = append(m.attrs[:len(m.attrs):len(m.attrs)], attrs...)
	return m
}

// WithGroup returns the handler itself: groups do not change the output.
func (m plainLogHandler) WithGroup(string) slog.Handler { return m }
