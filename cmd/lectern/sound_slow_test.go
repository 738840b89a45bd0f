//go:build slow

package main_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/media/mediatest"
)

// Each recording is the base of mediatest with one thing wrong with its sound. What is
// published must have every beep at its time and pitch, and the loudness that is asked for.

// soundCase is a recording, and what becomes of it.
type soundCase struct {
	name   string
	record func(t *testing.T) []string // the recordings' paths
	args   []string                    // further ones of lectern run
	says   []string                    // parts of what is said
	silent []string                    // parts of what must not be said
	refuse string                      // part of the error instead
	lost   int                         // number of beeps that need not be heard
	judge  func(t *testing.T, r mediatest.Result)
}

// made returns the recorder of the base as ffmpeg changes it. The first further input is timecode at
// the level of a voice.
func made(name string, args ...string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		code := mediatest.WriteWAV(t, filepath.Join(t.TempDir(), "code.wav"), mediatest.Timecode(mediatest.Seconds, 0.2))
		all := []string{"-i", mediatest.Base(t), "-i", code}
		return []string{mediatest.FFmpeg(t, name, append(all, args...)...)}
	}
}

// filtered is the same for a filter on the sound.
func filtered(name, filter string, args ...string) func(*testing.T) []string {
	return made(name, append([]string{"-map", "0", "-c:v", "copy", "-af", filter}, args...)...)
}

// merged is the same for a graph of filters with the outputs a, b, … up to the last.
func merged(name, last, graph string, args ...string) func(*testing.T) []string {
	for input, name := range map[string]string{"[0:a]": "[voice]", "[1:a]": "[code]"} {
		if strings.Contains(graph, input) {
			graph = input + "aformat=flt:48000:mono" + name + ";" + strings.ReplaceAll(graph, input, name)
		}
	}
	all := []string{"-filter_complex", graph, "-map", "0:v"}
	for s := "a"; s <= last; s = string(s[0] + 1) {
		all = append(all, "-map", "["+s+"]")
	}
	return made(name, slices.Concat(all, []string{"-c:v", "copy", "-c:a", "pcm_s16le"}, args)...)
}

// joined is the recorder of two halves in different formats, one after the other in a file.
func joined(ext string, first, second []string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		base := mediatest.Base(t)
		video := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "25"}
		one := mediatest.FFmpeg(t, "one."+ext, slices.Concat([]string{"-t", "15", "-i", base}, video, first)...)
		two := mediatest.FFmpeg(t, "two."+ext, slices.Concat([]string{"-ss", "15", "-i", base}, video, second, []string{"-output_ts_offset", "15"})...)
		return []string{mediatest.Concat(t, "joined."+ext, one, two)}
	}
}

var (
	mpegTS = []string{"-muxdelay", "0", "-muxpreload", "0"}
)

var soundCases = slices.Concat(plainSounds, timecodeSounds, channelSounds, oppositeSounds, loudSounds, quietSounds, changingSounds)

var plainSounds = []soundCase{
	{name: "the base itself", record: made("x.mkv", "-map", "0", "-c", "copy"), silent: []string{"clicks", "timecode", "opposite"}},
	{name: "stereo in MP4", record: filtered("x.mp4", "pan=stereo|c0=c0|c1=0.7*c0", "-c:a", "aac"), silent: []string{"clicks", "timecode", "opposite"}},
}

var timecodeSounds = []soundCase{
	{name: "timecode at right", record: merged("x.mkv", "a", "[0:a][1:a]amerge[a]"), says: []string{"the right channel has timecode"}},
	{name: "timecode at left", record: merged("x.mov", "a", "[1:a][0:a]amerge[a]"), says: []string{"the left channel has timecode"}},
	{name: "loud timecode in AAC", record: merged("x.mp4", "a", "[1:a]volume=12dB[c];[0:a][c]amerge[a]", "-c:a", "aac"), says: []string{"the right channel has timecode"}},
	{name: "first of two mono tracks", record: merged("x.mov", "b", "[1:a]acopy[a];[0:a]acopy[b]"), says: []string{"sound stream 2 is used", "1:1 has timecode"}},
	{name: "channel 4 of 4", record: merged("x.mkv", "a", "[0:a]asplit=3[x][y][z];[x]volume=0[x];[y]volume=0[y];[x][y][z][1:a]amerge=inputs=4[a]"), says: []string{"channel 1:3 is used", "1:4 has timecode"}},
	{name: "timecode beside silence", record: merged("x.mkv", "b", "[1:a]acopy[a];[0:a]acopy[b]", "-metadata:s:a:0", "language=eng"), says: []string{"sound stream 2 is used"}},
}

var channelSounds = []soundCase{
	{name: "centre of 5.1 in MOV", record: filtered("x.mov", "pan=6c|c3=c0", "-c:a", "pcm_s16le"), says: []string{"channel 1:4 is used"}},
	{name: "third of 3", record: filtered("x.mkv", "pan=3c|c2=c0", "-c:a", "pcm_s16le"), says: []string{"channel 1:3 is used"}},
	{name: "fourth of 8", record: filtered("x.mkv", "pan=8c|c3=c0", "-c:a", "pcm_s16le"), says: []string{"channel 1:4 is used"}},
	{name: "ninth of 16", record: filtered("x.mkv", "pan=16c|c8=c0", "-c:a", "pcm_s16le"), says: []string{"channel 1:9 is used"}},
	{name: "only low frequency", record: filtered("x.mkv", "pan=5.1|LFE=c0", "-c:a", "pcm_s16le"), says: []string{"channel 1:4 is used"}},
	{name: "AC-3 surround", record: filtered("x.mkv", "pan=5.1|BL=c0", "-c:a", "ac3", "-b:a", "448k"), says: []string{"channel 1:5 is used"}},
	{name: "second of two mono", record: merged("x.mov", "b", "[0:a]asplit[a][b];[a]volume=0[a]"), says: []string{"sound stream 2 is used"}},
	{name: "third of four mono in MXF", record: merged("x.mxf", "d", "[0:a]asplit=4[a][b][c][d];[a]volume=0[a];[b]volume=0[b];[d]volume=0[d]", "-c:v", "mpeg2video", "-q:v", "3"), says: []string{"sound stream 3 is used"}},
	{name: "second of two stereo", record: merged("x.mkv", "b", "[0:a]asplit[a][b];[a]volume=0,pan=stereo|c0=c0|c1=c0[a];[b]pan=stereo|c0=c0|c1=c0[b]"), says: []string{"sound stream 2 is used"}},
	{name: "hum before the voice", record: merged("x.mkv", "b", "sine=100:r=48000:d=30,volume=0.5[a];[0:a]acopy[b]"), says: []string{"sound stream 2 is used", "1:1 has no speech"}},
	{name: "named", record: filtered("x.mkv", "pan=3c|c1=0.3*c0|c2=c0", "-c:a", "pcm_s16le"), args: []string{"--channels", "2"}},
	{name: "named by its stream", record: merged("x.mov", "b", "[0:a]asplit[a][b];[a]volume=0[a]"), args: []string{"--channels", "2:1"}},
	{name: "named as a mix", record: merged("x.mov", "b", "[0:a]asplit[a][b];[a]volume=0:enable='gt(t,15)'[a];[b]volume=0:enable='lte(t,15)'[b]"), args: []string{"--channels", "1:1+2:1"}},
	{name: "named one that is not there", record: merged("x.mov", "b", "[0:a]asplit[a][b];[a]volume=0[a]"), args: []string{"--channels", "2:2"}, refuse: "has no channel 2 in sound stream 2"},
	{name: "two microphones on two tracks", record: merged("x.mov", "b", "[0:a]asplit[a][b];[a]volume=0:enable='gt(t,15)'[a];[b]volume=0:enable='lte(t,15)'[b]"), says: []string{"1:1 + 2:1 are mixed"}},
	{name: "two microphones on channels", record: merged("x.mkv", "a", "[0:a]asplit=3[x][y][z];[x]volume=0:enable='gt(t,15)'[x];[y]volume=0:enable='lte(t,15)'[y];[z]volume=0[z];[x][z][y]amerge=inputs=3[a]"), says: []string{"1:1 + 1:3 are mixed"}},
	{name: "two microphones of different levels", record: merged("x.mov", "b", "[0:a]asplit[a][b];[a]volume=0.001:enable='gt(t,20)'[a];[b]volume='if(lte(t,20),0,0.1)':eval=frame[b]"), says: []string{"1:1 + 2:1 are mixed"}},
}

var oppositeSounds = []soundCase{
	{name: "opposite from 15 s on", record: filtered("x.mkv", "aeval='val(0)|if(gt(t,15),-1,1)*val(0)':c=stereo", "-c:a", "pcm_s16le"), says: []string{"opposite phase from 00:00:15"}, judge: sameSides},
	{name: "opposite at first", record: filtered("x.mp4", "aeval='val(0)|if(lt(t,8),-1,1)*val(0)':c=stereo,aformat=channel_layouts=stereo", "-c:a", "aac"), says: []string{"opposite phase from 00:00:00"}, judge: sameSides},
	{name: "opposite in the middle", record: filtered("x.mkv", "aeval='val(0)|if(between(t,10,18),-0.7,0.7)*val(0)':c=stereo", "-c:a", "flac"), says: []string{"opposite phase"}, judge: sameSides},
	{name: "opposite all the time", record: filtered("x.mkv", "aeval='val(0)|-val(0)':c=stereo", "-c:a", "pcm_s16le"), says: []string{"opposite phase"}, judge: sameSides},
}

const click = "aeval='if(between(t,%s),%s,val(ch))':c=same"

var loudSounds = []soundCase{
	{name: "a click", record: filtered("x.mkv", fmt.Sprintf(click, "10.5,10.52", "30*(random(0)-0.5)"), "-c:a", "pcm_f32le"), says: []string{"clicks far louder"}},
	{name: "a click a hundred times as loud", record: filtered("x.mkv", fmt.Sprintf(click, "10.5,10.52", "3000*(random(0)-0.5)"), "-c:a", "pcm_f32le"), says: []string{"clicks far louder"}},
	{name: "four samples of 500", record: filtered("x.mkv", fmt.Sprintf(click, "10.5,10.50006", "500"), "-c:a", "pcm_f32le"), says: []string{"clicks far louder"}},
	{name: "a damaged burst in a soft talk", record: filtered("x.mkv", "volume=-30dB,"+fmt.Sprintf(click, "10.5,10.7", "2*random(0)-1"), "-c:a", "pcm_s16le"), says: []string{"clicks far louder"}},
	{name: "several clicks", record: filtered("x.mkv", "aeval='if(lt(mod(t,4.3),0.004),20*(random(0)-0.5),val(ch))':c=same", "-c:a", "pcm_f32le"), says: []string{"clicks far louder"}},
	{name: "claps", lost: 1, record: filtered("x.mkv", "volume=-20dB,aeval='if(between(mod(t,1.3),0.6,0.63),0.9*(random(0)-0.5),val(ch))':c=same", "-c:a", "pcm_s16le"), silent: []string{"clicks"}},
	{name: "very soft", record: filtered("x.mkv", "volume=-40dB", "-c:a", "pcm_s24le"), says: []string{"raised by"}},
	{name: "a hot recording in floats", record: filtered("x.mkv", "volume=26dB", "-c:a", "pcm_f32le"), silent: []string{"clicks"}},
}

var quietSounds = []soundCase{
	{name: "quiet, then loud", record: filtered("x.mkv", "volume='if(lt(t,20),0.05,1)':eval=frame", "-c:a", "pcm_s16le"), lost: mediatest.Seconds, says: []string{"speak much more softly"}, judge: audible, silent: []string{"--cut", "silence"}},
	{name: "quiet, then loud, levelled", record: filtered("x.mkv", "volume='if(lt(t,20),0.05,1)':eval=frame", "-c:a", "pcm_s16le"), args: []string{"--talk", levelled}, lost: 1, silent: []string{"--cut", "silence", "more softly"}, judge: even(6, 18, 22, 29)},
	{name: "loud, then quiet, levelled", record: filtered("x.mkv", "volume='if(lt(t,12),1,0.1)':eval=frame", "-c:a", "pcm_s16le"), args: []string{"--talk", levelled}, lost: 1, judge: even(1, 10, 15, 29)},
	{name: "questions in between, levelled", record: filtered("x.mkv", "volume='if(between(t,10,20),1,0.15)':eval=frame", "-c:a", "pcm_s16le"), args: []string{"--talk", levelled}, lost: 1, judge: even(1, 8, 12, 18)},
	{name: "a second recording that is softer", record: twoLevels("-12dB"), lost: mediatest.Seconds, says: []string{"softer than the loudest recording"}, judge: even(2, 28, 32, 58)},
	{name: "a second recording that is louder", record: twoLevels("9dB"), lost: mediatest.Seconds, says: []string{"softer than the loudest recording"}, judge: even(2, 28, 32, 58)},
	{name: "two recordings that are equal", record: twoLevels("0dB"), lost: mediatest.Seconds, silent: []string{"softer"}, judge: even(2, 28, 32, 58)},
}

// levelled stands for a talk's file that asks for the leveller.
const levelled = "levelled.yaml"

var changingSounds = []soundCase{
	{name: "44.1 to 48 kHz in TS", record: joined("ts", concat(mpegTS, []string{"-c:a", "aac", "-ar", "44100"}), concat(mpegTS, []string{"-c:a", "aac", "-ar", "48000"})), says: []string{"44.1 kHz"}},
	{name: "48 to 32 kHz in TS", record: joined("ts", concat(mpegTS, []string{"-c:a", "aac", "-ar", "48000"}), concat(mpegTS, []string{"-c:a", "aac", "-ar", "32000"})), says: []string{"becomes 32 kHz"}},
	{name: "stereo to mono in AAC", record: joined("ts", concat(mpegTS, []string{"-c:a", "aac", "-ac", "2"}), concat(mpegTS, []string{"-c:a", "aac", "-ac", "1"})), says: []string{"2 ch becomes 48 kHz, 1 ch"}},
	{name: "stereo to mono in MP2", record: joined("ts", concat(mpegTS, []string{"-c:a", "mp2", "-ac", "2"}), concat(mpegTS, []string{"-c:a", "mp2", "-ac", "1"})), says: []string{"2 ch becomes 48 kHz, 1 ch"}},
	{name: "AC-3 from stereo to 5.1", record: joined("ts", concat(mpegTS, []string{"-c:a", "ac3", "-ac", "2"}), concat(mpegTS, []string{"-c:a", "ac3", "-ac", "6"})), says: []string{"2 ch becomes 48 kHz, 6 ch"}},
}

// twoLevels is the recorder of the base twice, the second time louder or softer.
func twoLevels(gain string) func(*testing.T) []string {
	return func(t *testing.T) []string {
		return append(made("one.mkv", "-map", "0", "-c", "copy")(t), filtered("two.mkv", "volume="+gain, "-c:a", "pcm_s24le")(t)...)
	}
}

// audible judges that the soft beginning is there.
func audible(t *testing.T, r mediatest.Result) {
	if l := r.Level(2*time.Second, 18*time.Second); l < -55 {
		t.Errorf("the beginning is at %.0f dB", l)
	}
}

// sameSides judges that nothing is lost when both sides are played by one loudspeaker.
func sameSides(t *testing.T, r mediatest.Result) {
	for i, l := range r.Left {
		if math.Abs(float64(l-r.Right[i])) > 0.05 {
			t.Errorf("at sample %d left is %.2f and right %.2f", i, l, r.Right[i])
			return
		}
	}
}

// even judges that two spans of seconds are about equally loud, to 7 dB.
func even(from1, to1, from2, to2 time.Duration) func(*testing.T, mediatest.Result) {
	return func(t *testing.T, r mediatest.Result) {
		one, two := r.Level(from1*time.Second, to1*time.Second), r.Level(from2*time.Second, to2*time.Second)
		if math.Abs(one-two) > 7 {
			t.Errorf("it is %.1f dB first, and %.1f dB then", one, two)
		}
	}
}

func TestRun_SoundOfOddRecordings(t *testing.T) {
	t.Parallel()
	lectern := buildLectern(t)
	for _, c := range soundCases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"run"}, c.record(t)...)
			args = append(args, "-o", filepath.Join(dir, "out"), "--data", filepath.Join(dir, "data"),
				"--pipeline", writePipeline(t, "{height: 180, preset: ultrafast, crf: 30}"), "--json")
			talk := writeTalk(t, slices.Contains(c.args, levelled))
			args = append(args, "--talk", talk)
			if !slices.Contains(c.args, levelled) {
				args = append(args, c.args...)
			}
			out, err := exec.CommandContext(t.Context(), lectern, args...).CombinedOutput()
			said := string(out)
			if c.refuse != "" {
				if err == nil || !strings.Contains(said, c.refuse) {
					t.Errorf("%v, said\n%s", err, said)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			c.check(t, said, mediatest.Measure(t, filepath.Join(dir, "out", "talk", "video", "talk-180.mp4"), true))
		})
	}
}

// writeTalk writes a talk's file.
func writeTalk(t *testing.T, level bool) string {
	t.Helper()
	text := "slug: talk\ntitle: Talk\nlanguage: en\n"
	if level {
		text += "sound: {level: true}\n"
	}
	path := filepath.Join(t.TempDir(), "talk.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// apart returns how late a beep may be. A transport stream keeps the 1,024 samples that prime a
// decoder, twice where two were joined, and the join at 15 s cuts the beep there.
func (c soundCase) apart(second int) time.Duration {
	const priming = 32 * time.Millisecond // of 1,024 samples at 32 kHz, the lowest rate of the cases
	if !strings.Contains(c.name, "TS") && !strings.Contains(c.name, " in AAC") && !strings.Contains(c.name, "AC-3") {
		return 20 * time.Millisecond
	}
	if second == 15 {
		return 20*time.Millisecond + 3*priming
	}
	return 20*time.Millisecond + 2*priming
}

// check judges what was said and made.
func (c soundCase) check(t *testing.T, said string, r mediatest.Result) {
	t.Helper()
	for _, part := range c.says {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q:\n%s", part, said)
		}
	}
	for _, part := range c.silent {
		if strings.Contains(said, part) {
			t.Errorf("it says %q:\n%s", part, said)
		}
	}
	if first, _, at, steps := r.Shown(); c.lost == 0 && (first != 0 || at != 0 || steps > 2) {
		t.Errorf("picture %d first, at frame %d; %d steps", first, at, steps)
	}
	if len(r.Beeps) < mediatest.Seconds-c.lost {
		t.Errorf("only %d beeps are heard", len(r.Beeps))
	}
	for _, b := range r.Beeps {
		late := b.At - time.Duration(b.Second)*time.Second
		if c.lost == 0 && (late.Abs() > c.apart(b.Second) || math.Abs(b.Pitch-1) > 0.006) {
			t.Errorf("beep %d is %v late, at %.3f of its pitch", b.Second, late, b.Pitch)
		}
	}
	if math.Abs(r.LUFS+16) > 0.55 || r.Peak > -1.4 {
		t.Errorf("%.1f LUFS, %.1f dBTP", r.LUFS, r.Peak)
	}
	if c.judge != nil {
		c.judge(t, r)
	}
}
