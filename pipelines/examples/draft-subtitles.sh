#!/bin/sh
# draft-subtitles.sh RECORDING SUBTITLES LANGUAGE
#
# Drafts subtitles with the first of these speech recognisers that is installed:
#
#   whisper-cli        whisper.cpp; WHISPER_MODEL is the file of its model
#   whisper            OpenAI's; WHISPER_MODEL is the name of its model
#   vosk-transcriber   Vosk
#   pocketsphinx_continuous   PocketSphinx, English alone; rough, but in Debian and Ubuntu:
#                      apt-get install pocketsphinx pocketsphinx-en-us
set -eu
recording=$1 subtitles=$2 language=${3%%-*} # they know languages, and no regions

# The sound from the very start of the recording, also where it begins late: else the
# subtitles would come early.
sound() {
	ffmpeg -hide_banner -nostdin -loglevel error -i "$recording" -map 0:a:0 \
		-af aresample=async=1:first_pts=0 -ac 1 -ar 16000 -c:a pcm_s16le sound.wav
}

if command -v whisper-cli >/dev/null; then
	if [ ! -f "${WHISPER_MODEL:-}" ]; then
		echo "whisper-cli needs a model: say env: {WHISPER_MODEL: /path/to/ggml-small.bin} in the pipeline" >&2
		exit 3
	fi
	sound
	whisper-cli --model "$WHISPER_MODEL" --language "$language" --output-srt --output-file drafted sound.wav
	mv drafted.srt "$subtitles"
elif command -v whisper >/dev/null; then
	sound
	whisper --model "${WHISPER_MODEL:-small}" --language "$language" --output_format srt --output_dir . sound.wav
	mv sound.srt "$subtitles"
elif command -v vosk-transcriber >/dev/null; then
	sound
	vosk-transcriber --lang "$language" --input sound.wav --output-type srt --output "$subtitles"
elif command -v pocketsphinx_continuous >/dev/null && [ "$language" = en ]; then
	sound
	pocketsphinx_continuous -infile sound.wav -time yes -logfn /dev/null >words.txt
	# A word in a line: "telescope(2) 8.370 8.860 0.99", and marks in brackets. A caption ends
	# where nobody speaks for a while, or when it is full: two lines of 42 characters.
	awk '
		function stamp(t) { t = int(t * 1000 + 0.5); return sprintf("%02d:%02d:%02d,%03d", t / 3600000, t / 60000 % 60, t / 1000 % 60, t % 1000) }
		function caption() {
			if (text != "") printf "%d\n%s --> %s\n%s\n\n", ++n, stamp(from), stamp(to), text
			text = ""; line = 0; lines = 1
		}
		NF != 4 || $1 ~ /^[<[]/ { next }
		{ sub(/\([0-9]+\)$/, "", $1) }
		text != "" && ($2 - to > 0.6 || $3 - from > 6) { caption() }
		text != "" && line + 1 + length($1) > 42 { if (lines == 2) caption(); else { text = text "\n" $1; line = length($1); lines = 2; to = $3; next } }
		text == "" { text = $1; line = length($1); lines = 1; from = $2; to = $3; next }
		{ text = text " " $1; line += 1 + length($1); to = $3 }
		END { caption() }
	' words.txt >"$subtitles"
else
	echo "no speech recogniser is installed for “$language”: install whisper-cli (whisper.cpp), whisper or vosk-transcriber, or take this stage out of the pipeline" >&2
	exit 3 # trying again is no use
fi
