package plan

import (
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
)

// The names of the kinds of actions, as they are in keys and pipeline files.
const (
	KindProbe     = "probe"
	KindIndex     = "index"
	KindAnalyse   = "analyse"
	KindEncode    = "encode"
	KindCard      = "card"
	KindAudio     = "audio"
	KindAssemble  = "assemble"
	KindStills    = "stills"
	KindThumbnail = "thumbnail"
	KindSprite    = "sprite"
	KindCaptions  = "captions"
	KindSync      = "sync"
	KindSubtitled = "subtitled"
	KindPodcast   = "podcast"
	KindExec      = "exec"
	KindBundle    = "bundle"
)

// The roles of actions' inputs. Roles of which an action has several inputs are numbered,
// see [NumberedRole].
const (
	RoleRecording  = "recording" // an original, or the indexed copy of one
	RoleProbe      = "probe"
	RoleAnalysis   = "analysis"
	RoleSegment    = "segment"
	RoleAudio      = "audio" // the programme's sound
	RoleExtraAudio = "sound" // the programme's sound as interpreted
	RoleCaptions   = "captions"
	RoleStills     = "stills"
	RoleCover      = "cover"
	RoleTrack      = "track" // a track's canonical cues
	RoleCueTimes   = "times" // a track's cue times
	RoleBackground = "background"
	RoleLogo       = "logo"
	RoleFont       = "font"

	InputRole = "input/" // exec: followed by the input's name and, after a slash, a number
	FileRole  = "file/"  // exec: followed by the name of a file that belongs to the pipeline
	SyncRole  = "sync/"  // bundle: followed by the language of a track
)

// NumberedRole returns the role of the nth of several inputs, counted from 0. Numbered
// roles sort in the order of their numbers.
func NumberedRole(role string, n int) string { return fmt.Sprintf("%s/%05d", role, n) }

// addNumberedInputs adds keys to inputs, each under the NumberedRole of its position in keys.
func addNumberedInputs(role string, keys []action.Key, inputs map[string]action.Key) {
	for n, k := range keys {
		inputs[NumberedRole(role, n)] = k
	}
}

// The names of the files in artifacts.
const (
	RecordingFile   = "recording.mkv" // of index
	SegmentFile     = "segment.mp4"   // of encode and card
	SoundFile       = "sound.m4a"     // of audio, in any container
	StillsFile      = "stills.jpg"    // of stills: all of a chunk, below one another
	ThumbnailFile   = "thumbnail.jpg" // of thumbnail
	SpriteVTT       = "sprite.vtt"    // of sprite
	ContactFile     = "contact.jpg"   // of sprite
	InlineInputFile = "given"         // of the inputs in Graph.InlineInputs
)

// VideoFile returns the name of the file that assemble makes in a container, such as video.mp4.
func VideoFile(c media.Container) string { return "video." + string(c) }

// CaptionsFile returns the name of a file that captions makes. ext is "srt", "vtt" or "mp4", which
// is timed text that can be copied into an MP4.
func CaptionsFile(ext string) string { return "captions." + ext }

// PodcastFile returns the file name of a podcast's audio, such as podcast.m4a.
func PodcastFile(spec media.PodcastSpec) string { return "podcast." + spec.Ext() }

// SheetFile returns the name of sprite sheet n, counted from 0. Names count from 1: sheet 0 is
// sprite-01.jpg.
func SheetFile(n int) string { return fmt.Sprintf("sprite-%02d.jpg", n+1) }
