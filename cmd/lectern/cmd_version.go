package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/media"
)

type versionCmd struct {
	JSON bool `help:"Print JSON."`
}

// Help returns the text of `lectern version --help` below the usage.
func (c *versionCmd) Help() string {
	return "Put this into a bug report."
}

// buildVersion says which Lectern this is. Commit and Modified are empty in a program that was
// built without its Git repository.
type buildVersion struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the work tree had changes
	Go       string `json:"go"`
	Platform string `json:"platform"` // such as linux/arm64
}

// programVersion is an ffmpeg that was found, or Error if none was.
type programVersion struct {
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"`
	Error   string `json:"error,omitempty"`
}

// Run implements `lectern version`: it prints the versions of Lectern, Go and ffmpeg. A missing
// ffmpeg is printed and is no error.
func (c *versionCmd) Run(ctx context.Context, t *console) error {
	found := struct {
		buildVersion
		FFmpeg programVersion `json:"ffmpeg"`
	}{readBuildVersion(), findFFmpeg(ctx)}
	if c.JSON {
		return t.printJSON(found)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "lectern\t%s\n", found.Version)
	if found.Commit != "" {
		fmt.Fprintf(table, "commit\t%s\n", found.commitText())
	}
	fmt.Fprintf(table, "go\t%s, %s\n", strings.TrimPrefix(found.Go, "go"), found.Platform)
	if found.FFmpeg.Error != "" {
		fmt.Fprintf(table, "ffmpeg\tnot found: %s\n", found.FFmpeg.Error)
	} else {
		fmt.Fprintf(table, "ffmpeg\t%s, %s\n", found.FFmpeg.Version, found.FFmpeg.Path)
	}
	return table.Flush()
}

func (v buildVersion) commitText() string {
	if v.Modified {
		return v.Commit + ", with changes"
	}
	return v.Commit
}

// The version and the Git commit of release builds, whose linker sets them: -ldflags "-X
// main.linkedVersion=…".
var linkedVersion, linkedCommit string

// readBuildVersion returns the version of this program: what the linker set for a release, else
// what the Go toolchain stored. If neither did, the version is "unknown".
func readBuildVersion() buildVersion {
	v := buildVersion{Version: "unknown", Commit: linkedCommit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if linkedVersion != "" {
		v.Version = linkedVersion
	} else if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func findFFmpeg(ctx context.Context) programVersion {
	tools, err := media.FindTools()
	if err != nil {
		return programVersion{Error: err.Error()}
	}
	version, err := tools.FFmpegVersion(ctx)
	if err != nil {
		return programVersion{Path: tools.FFmpeg, Error: err.Error()}
	}
	return programVersion{Version: version, Path: tools.FFmpeg}
}
