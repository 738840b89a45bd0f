// Package docs embeds the documents of this directory, so that the conference server can show
// them as help pages.
package docs

import "embed"

// Files holds the documents, as in this directory.
//
//go:embed *.md es/*.md img
var Files embed.FS
