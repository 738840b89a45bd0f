#!/bin/sh
# loudness.sh VIDEO REPORT TARGET
#
# Measures the loudness of a finished video by EBU R128 and writes it down as JSON. What it
# prints in lines that begin with "note " people are told.
set -eu
video=$1 report=$2 target=$3

ffmpeg -hide_banner -nostdin -nostats -i "$video" -map 0:a:0 -af ebur128=peak=true -f null - 2>said.txt || {
	tail -n 1 said.txt >&2
	exit 1
}

# Of the summary at the end: "    I:         -16.1 LUFS", and so on.
value() { sed -n '/Summary:/,$p' said.txt | awk -v key="$1" '$1 == key { print $2; exit }'; }
loudness=$(value I:) range=$(value LRA:) peak=$(value Peak:)

case $loudness in
-70.0 | '')
	echo "the video has no sound that could be measured" >&2
	exit 3 # the input is at fault: trying again is no use
	;;
esac
# Silence has no true peak that JSON could hold.
case $peak in -inf) peak=null ;; esac

cat >"$report" <<JSON
{
  "integrated_lufs": $loudness,
  "range_lu": $range,
  "true_peak_dbtp": $peak,
  "target_lufs": $target
}
JSON

if awk "BEGIN { d = $loudness - ($target); exit !(d > 1 || d < -1) }"; then
	echo "note the programme has $loudness LUFS, more than a decibel from $target"
fi
