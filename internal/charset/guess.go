package charset

import (
	"strings"

	"github.com/gogs/chardet"
)

// unravel reads raw, which is not valid UTF-8, in the encoding that fits best.
func unravel(raw string, hint Hint) Text {
	name := "windows-1252"
	if best, err := chardet.NewTextDetector().DetectBest([]byte(raw)); err == nil {
		name = strings.ToLower(best.Charset)
	}
	p, err := lookup(name)
	if err != nil {
		p, _ = lookup("windows-1252")
	}
	t := p.text(raw)
	t.Sure = false
	return t
}
