package subtitle

import (
	"path/filepath"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// FormatFromFilename returns the format to write a file in, by the extension of its name. It
// returns an inputerr.Error for an unknown extension.
func FormatFromFilename(name string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".srt", ".vtt", ".ttml", ".ssa", ".ass", ".txt":
		return Format(ext[1:]), nil
	case ".dfxp", ".xml":
		return TTML, nil
	default:
		return "", inputerr.New(name, "does not say by the end of its name what to write").
			Hint("Let it end in .srt, .vtt, .ttml, .ssa, .ass or, for a plain transcript, .txt")
	}
}
