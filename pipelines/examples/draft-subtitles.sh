#!/bin/sh
# draft-subtitles.sh RECORDING SUBTITLES LANGUAGE
#
# Drafts subtitles with the first of these speech recognisers that is installed:
#
#   whisper-cli        whisper.cpp; WHISPER_MODEL is the file of its model
#   whisper            OpenAI's; WHISPER_MODEL is the name of its model
#   vosk-transcriber   Vosk
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
else
	echo "no speech recogniser is installed: install whisper-cli (whisper.cpp), whisper or vosk-transcriber, or take this stage out of the pipeline" >&2
	exit 3 # trying again is no use
fi
