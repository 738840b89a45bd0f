package translation

import "github.com/lectern-av/lectern/internal/message"

// WhyEnglish says in the history why a revision was saved. Pages recognize the stored sentences by
// these templates. When rewording one, keep the old one under another code.
var WhyEnglish = message.Templates{
	"why.merged":     "uploaded {file} and merged it with newer changes",
	"why.uploaded":   "uploaded {file}",
	"why.handed-in":  "handed in", // before "uploaded"
	"why.added":      "uploaded",
	"why.imported":   "imported from {file}",
	"why.for-review": "sent for review",
	"why.approved":   "approved",
	"why.sent-back":  "sent back: {note}",
	"why.restored":   "revision {n} restored",
	"why.source":     "the source is at revision {n}",
}
