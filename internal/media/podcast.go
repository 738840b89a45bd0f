package media

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"maps"
	"os"
	"path/filepath"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/conference"
)

// PodcastFacts are properties of a podcast file, as measured.
type PodcastFacts struct {
	Codec    string        `json:"codec"`
	Duration time.Duration `json:"duration"`
	Size     int64         `json:"size"` // bytes
}

// WritePodcast copies the sound of a programme to the file out, with metadata, chapters and a
// cover. cover is the path of a JPEG, or "". Temporary files go to the directory scratch. At the
// end it verifies that out begins with a sound stream of the programme's length in the right codec,
// and has the language, the chapters and the cover. It returns an error if one of them is wrong.
func (t Tools) WritePodcast(ctx context.Context, spec PodcastSpec, sound, cover, out, scratch string) (PodcastFacts, error) {
	known := maps.Clone(spec.Metadata)
	if cover != "" && spec.Codec == "opus" {
		picture, err := flacPictureBlock(cover)
		if err != nil {
			return PodcastFacts{}, err
		}
		known["METADATA_BLOCK_PICTURE"] = picture
	}
	list, err := writeFFMetadata(known, spec.Chapters, scratch)
	if err != nil {
		return PodcastFacts{}, fmt.Errorf("list the chapters: %w", err)
	}
	args, err := buildArgs(func() *ffmpeg.Stream {
		o := options{
			"c": "copy", "fflags": "+bitexact", "format": "opus",
			"map_metadata:s": "-1", "metadata:s:a:0": "language=" + conference.ISO639(spec.Language),
		}
		streams := []*ffmpeg.Stream{openInput(sound).Get("a:0")}
		if spec.Codec == "aac" {
			o["format"], o["movflags"] = "ipod", "+faststart"
			if cover != "" {
				streams = append(streams, openInput(cover, options{"format_whitelist": "mjpeg", "f": "mjpeg"}).Get("v:0"))
				o["disposition:v:0"] = "attached_pic"
			}
		}
		return ffmpeg.Output(streams, fileURL(out), o)
	})
	if err != nil {
		return PodcastFacts{}, err
	}
	if _, err := t.Run(ctx, addFFMetadataInput(args, list, true), nil); err != nil {
		return PodcastFacts{}, fmt.Errorf("make a podcast: %w", err)
	}
	return t.verifyPodcast(ctx, spec, cover != "", out)
}

func (t Tools) verifyPodcast(ctx context.Context, spec PodcastSpec, cover bool, out string) (facts PodcastFacts, err error) {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%s failed verification: %s", filepath.Base(out), fmt.Sprintf(format, args...))
	}
	info, err := os.Stat(out)
	if err != nil {
		return facts, err
	}
	c, err := t.container(ctx, out)
	if err != nil {
		return facts, fmt.Errorf("look into what ffmpeg wrote: %w", err)
	}
	covered := false
	for _, s := range c.Streams {
		covered = covered || s.Disposition["attached_pic"] == 1
	}
	switch sound := c.Streams[0]; {
	case sound.Kind != "audio" || sound.CodecName != spec.Codec:
		return facts, invalid("it begins with %s %s", sound.Kind, sound.CodecName)
	case sound.Tags["language"] != conference.ISO639(spec.Language):
		return facts, invalid("it is in %q, not in %s", sound.Tags["language"], spec.Language)
	case covered != cover:
		return facts, invalid("it has a cover: %v", covered)
	default:
		facts = PodcastFacts{Codec: sound.CodecName, Duration: ticksToDuration(sound.Length, sound.timeBase()), Size: info.Size()}
	}
	const packet = 25 * time.Millisecond
	if (facts.Duration - spec.Length).Abs() > 2*packet {
		return facts, invalid("it lasts %v, and the programme %v", facts.Duration, spec.Length)
	}
	return facts, t.verifyChapters(ctx, out, spec.Chapters)
}

// flacPictureBlock returns the JPEG at path as the front cover in an Ogg comment: FLAC's picture
// block (RFC 9639, section 8.8) in Base64.
func flacPictureBlock(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the cover: %w", err)
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("read the cover: %w", err)
	}
	const frontCover, depth, noPalette, kind = 3, 24, 0, "image/jpeg"
	var b []byte
	number := func(n int) { b = binary.BigEndian.AppendUint32(b, uint32(n)) }
	number(frontCover)
	number(len(kind))
	b = append(b, kind...)
	for _, n := range []int{0, size.Width, size.Height, depth, noPalette, len(data)} { // 0: no description
		number(n)
	}
	return base64.StdEncoding.EncodeToString(append(b, data...)), nil
}
