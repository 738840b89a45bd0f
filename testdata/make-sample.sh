#!/usr/bin/env bash
# Makes the sample talk beside this file: talk.mp4, talk.en.srt and talk.es.srt.
#
# It reads from top to bottom like a screenplay: a slide, what the speaker says over it,
# the next slide. Every sentence is spoken by flite and measured, so each caption stands
# exactly where its sentence is heard; the Spanish has the same cues at the same times.
# The talk lies between four seconds of an empty stage and a break slide, as recordings do.
#
# Needs bash and an ffmpeg with libflite, libass and libx264: Debian's, Ubuntu's.
# The same ffmpeg makes the same files again.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

paper=FBF8F3 ink=1F2430 soft=6B7280 accent=D9480F teal=0F766E night=1E2433 rule=E5DED3
now=0      # where the screenplay stands, in milliseconds
cue=0      # captions so far
shown=()   # what is on the slide: "start|layer|text", until the slide ends
: >speech.pcm; : >en.srt; : >es.srt; : >slides.ass

# ---- time

stamp() { printf '%02d:%02d:%02d%s%03d' $(($1/3600000)) $(($1/60000%60)) $(($1/1000%60)) "$2" $(($1%1000)); }

# pause MS: nobody speaks. Sound is 48 kHz, 16 bits, one channel: 96 bytes a millisecond.
pause() { head -c $(($1*96)) /dev/zero >>speech.pcm; now=$((now+$1)); }

# say PAUSE ENGLISH SPANISH: after a pause, one sentence and its captions; "|" breaks a line.
say() {
  pause "$1"
  # flite reads "API" as a word.
  printf '%s' "$2" | tr '|' ' ' | sed 's/APIs/A P Eyes/; s/API/A P I/' >sentence.txt
  # The silence that flite puts around a sentence is not part of it.
  local edge='silenceremove=start_periods=1:start_threshold=-50dB'
  ffmpeg -v error -nostdin -y -f lavfi -i flite=textfile=sentence.txt:voice=slt \
    -af "$edge,areverse,$edge,areverse" -ar 48000 -ac 1 -f s16le -bitexact sentence.pcm
  local length=$(($(wc -c <sentence.pcm)/96)) end
  head -c $((length*96)) sentence.pcm >>speech.pcm
  end=$((now+length)); cue=$((cue+1))
  caption "$2" "$end" >>en.srt
  caption "$3" "$end" >>es.srt
  now=$end
}

caption() { printf '%d\n%s --> %s\n%s\n\n' "$cue" "$(stamp "$now" ,)" "$(stamp "$2" ,)" "${1//|/$'\n'}"; }

# ---- slides

# A colour is written RRGGBB here and BBGGRR in ASS.
ass() { printf '\\1c&H%s%s%s&' "${1:4:2}" "${1:2:2}" "${1:0:2}"; }

put() { shown+=("$now|$1|$2"); }

# text X Y SIZE COLOUR TEXT [TAGS]: its top left corner at X,Y, unless the tags align it
# otherwise (the first alignment on a line is the one that counts).
text() { put 2 "{${6-}\\an7\\pos($1,$2)\\fs$3$(ass "$4")}$5"; }

# box X Y WIDTH HEIGHT COLOUR [RADIUS]
box() {
  local w=$3 h=$4 r=${6-0}
  local k=$((r*45/100)) # what a Bézier curve needs to pass for a quarter of a circle
  local path="m $r 0 l $((w-r)) 0 b $((w-k)) 0 $w $k $w $r"
  path+=" l $w $((h-r)) b $w $((h-k)) $((w-k)) $h $((w-r)) $h"
  path+=" l $r $h b $k $h 0 $((h-k)) 0 $((h-r)) l 0 $r b 0 $k $k 0 $r 0"
  put 1 "{\\an7\\pos($1,$2)\\p1$(ass "$5")}$path"
}

# code X Y LINE...: a dark panel's lines; words are coloured by the tags K, S, C and N.
code() {
  local x=$1 y=$2 line; shift 2
  for line; do
    text "$x" "$y" 40 E6E9F0 "${line// /\\h}" '\fnDejaVu Sans Mono'
    y=$((y+58))
  done
}
K="{$(ass F0A868)}" S="{$(ass 9BD48B)}" C="{$(ass 8C95A8)}" N="{$(ass E6E9F0)}" R="{$(ass F28B82)}"

# wipe: the slide ends here.
wipe() {
  local item start layer
  for item in ${shown[@]+"${shown[@]}"}; do
    start=${item%%|*} item=${item#*|} layer=${item%%|*}
    printf 'Dialogue: %d,%s,%s,Default,,0,0,0,,%s\n' "$layer" "$(centi "$start")" "$(centi "$now")" "${item#*|}" >>slides.ass
  done
  shown=()
}

centi() { local t; t=$(stamp "$1" .); printf '%s' "${t:1:10}"; }

# slide NUMBER TITLE: an ordinary slide, empty but for its frame.
slide() {
  wipe
  box 0 0 1920 1080 $paper
  box 120 118 12 84 $accent 6
  text 164 112 76 $ink "$2" '\b1'
  box 120 1000 1680 2 $rule
  text 120 1018 28 $soft 'Prototyping APIs  ·  Inés Carvajal'
  text 1800 1018 28 $soft "$1 / 7" '\an9'
}

# stage HEADLINE LINE: what the room shows when nobody speaks.
stage() {
  wipe
  box 0 0 1920 1080 $night
  box 885 380 150 8 $accent 4
  text 960 430 84 FFFFFF "$1" '\an8\b1'
  text 960 570 44 AEB6C6 "$2" '\an8'
}

# ---- the screenplay

stage 'Small Interfaces 2026' 'Room 2  ·  the next talk begins in a moment'
pause 4000

wipe
box 0 0 1920 1080 $night
box 0 0 28 1080 $accent
text 160 300 132 FFFFFF 'Prototyping APIs' '\b1'
text 166 480 52 F0A868 'Find out what is wrong while it is cheap'
box 166 640 220 4 5B6478
text 166 690 46 FFFFFF 'Inés Carvajal'
text 166 762 36 AEB6C6 'Small Interfaces 2026'
say 1000 'Good morning. This is a talk|about prototyping APIs.' \
  'Buenos días. Esta charla trata|de cómo prototipar una API.'
say 350 'You will throw the first one away.|Let us make that cheap.' \
  'La primera acabará en la basura:|hagamos que salga barata.'
pause 500

slide 1 'Start with the caller'
box 120 290 1060 600 $night 24
code 180 340 "${C}// the program I wish I could write${N}" \
  "talks, err := client.${K}Talks${N}(ctx, ${S}\"2026\"${N})" \
  "${K}if${N} err != nil {" \
  "    ${K}return${N} err" \
  '}' \
  "${K}for${N} talk := ${K}range${N} talks {" \
  '    fmt.Println(talk.Title, talk.Room)' \
  '}'
text 1250 330 40 $soft 'before the server,'
text 1250 386 40 $soft 'before the schema,'
text 1250 442 40 $soft 'before the meeting'
say 500 'Begin at the end: write the program|that calls your API.' \
  'Empieza por el final: escribe|el programa que usa tu API.'
box 1250 600 550 230 FFFFFF 20
text 1290 630 92 $accent '10 lines' '\b1'
text 1290 748 38 $ink 'show which names hurt'
say 400 'Ten lines are enough. They tell you|which names feel wrong.' \
  'Con diez líneas basta: te dirán|qué nombres no encajan.'
pause 500

slide 2 'Fake the answers'
flow() { # X COLOUR NAME CAPTION
  box "$1" 300 440 200 "$2" 24
  text $(($1+220)) 352 52 FFFFFF "$3" '\an8\b1'
  text $(($1+220)) 424 34 FFFFFF "$4" '\an8'
}
flow 120 $teal 'caller' 'the ten lines'
text 650 342 88 $soft '→' '\an8'
flow 740 $accent 'server' 'forty lines'
text 1270 342 88 $soft '→' '\an8'
flow 1360 $night 'files' 'talks/2026.json'
say 500 'Next, answer every request|from a file on disk.' \
  'Después, responde a cada petición|con un archivo del disco.'
text 164 600 46 $soft "{\\s1}database{\\s0}      {\\s1}login{\\s0}      {\\s1}queue{\\s0}"
say 400 'There is no database, no login|and no queue to slow you down.' \
  'Sin base de datos, sin contraseñas|y sin colas que te frenen.'
box 120 740 1680 150 FFFFFF 24
text 164 786 46 $ink "A colleague builds against it {\\b1$(ass $teal)}the same afternoon."
say 400 'A colleague can build against it|the same afternoon.' \
  'Esa misma tarde, una compañera|ya puede usarla.'
pause 500

slide 3 'Change your mind, loudly'
box 120 290 840 570 $night 24
code 180 350 "${C}GET /talks/42${N}" '' '\{' \
  "  ${R}- \"name\":  \"Prototyping APIs\"${N}" \
  "  ${S}+ \"title\": \"Prototyping APIs\"${N}" \
  "  ${R}- \"who\":   \"Inés Carvajal\"${N}" \
  "  ${S}+ \"speakers\": [\"Inés Carvajal\"]${N}" \
  '\}'
say 500 'Now change your mind,|loudly and often.' \
  'Ahora cambia de idea|en voz alta y a menudo.'
text 1040 310 40 $soft 'renaming a field'
text 1040 380 104 $teal '1 minute' '\b1'
text 1040 510 40 $ink 'while you are alone with it'
text 1040 640 104 $accent '1 year' '\b1'
text 1040 770 40 $ink 'once it has users'
say 400 'Renaming a field costs a minute today,|and a year once it has users.' \
  'Hoy renombrar un campo cuesta un minuto;|con usuarios, un año.'
pause 500

slide 4 'Fail on purpose'
box 120 290 1680 170 $night 24
code 180 345 "${R}400${N}  ${C}invalid request${N}"
text 1740 350 36 8C95A8 'says nothing' '\an9'
say 500 'Prototype the failures too.' 'Prototipa también los fallos.'
box 120 500 1680 390 $night 24
code 180 555 "${S}400${N}  \\{" \
  "  \"field\":   ${S}\"starts\"${N}," \
  "  \"problem\": ${S}\"is after ends\"${N}," \
  "  \"try\":     ${S}\"swap the two, or leave ends out\"${N}" '\}'
text 1740 560 36 8C95A8 'helps' '\an9'
say 400 'A good error names the field,|the problem, and the way out.' \
  'Un buen error nombra el campo,|el problema y la salida.'
pause 500

slide 5 'What waiting costs'
bar() { # INDEX HEIGHT COLOUR LABEL
  box $((260+$1*290)) $((860-$2)) 190 "$2" "$3" 12
  text $((355+$1*290)) 882 36 $soft "$4" '\an8'
}
text 120 270 36 $soft 'hours for one renamed field'
box 180 858 1560 4 $ink
bar 0 14 $teal 'week 1'; bar 1 44 $teal 'week 2'; bar 2 120 $teal 'week 4'
bar 3 280 $accent 'week 8'; bar 4 520 $accent 'week 16'
say 500 'Look at the curve. Each week of waiting|makes a change dearer.' \
  'Mira la curva: cada semana de espera|encarece el cambio.'
pause 500

slide 6 'Take these home'
step() { # Y NUMBER TEXT
  box 164 "$1" 96 96 $accent 48
  text 212 $(($1+20)) 52 FFFFFF "$2" '\an8\b1'
  text 310 $(($1+20)) 54 $ink "$3"
}
step 300 1 'Write the caller first'
step 440 2 'Fake the answers'
step 580 3 'Fail on purpose'
say 500 'So write the caller first,|fake the answers, and fail on purpose.' \
  'Escribe primero el cliente,|finge las respuestas y falla a propósito.'
step 720 4 'Delete it, and keep what it taught you'
say 400 'Then delete the prototype|and keep what it taught you.' \
  'Luego borra el prototipo|y quédate con lo que te enseñó.'
pause 500

slide 7 'Thank you'
text 164 330 64 $ink 'Questions?' '\b1'
text 164 450 46 $soft 'Slides, the forty-line server and the ten-line caller:'
text 164 520 46 $teal 'prototyping.example.org' '\fnDejaVu Sans Mono'
say 500 'Thank you. I am happy to take questions.' 'Gracias. Encantada de responder preguntas.'
pause 1500

stage 'Coffee' 'Room 2  ·  back at 11:00'
pause 4000
wipe

# ---- the recording

{
  cat <<'HEADER'
[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 2

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,DejaVu Sans,40,&H00FFFFFF,&H00FFFFFF,&H00FFFFFF,&H00FFFFFF,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
HEADER
  cat slides.ass
} >deck.ass

# A room is never quite silent: a little noise lies under the speech.
length=$(printf '%d.%03d' $((now/1000)) $((now%1000)))
ffmpeg -v error -nostdin -y \
  -f lavfi -i "color=c=black:s=1920x1080:r=25:d=$length" \
  -f s16le -ar 48000 -ac 1 -i speech.pcm \
  -f lavfi -i "anoisesrc=r=48000:color=pink:amplitude=0.002:seed=7:d=$length" \
  -filter_complex "[0:v]format=gbrp,subtitles=deck.ass,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p[v];[1:a][2:a]amix=inputs=2:duration=first:normalize=0,pan=stereo|c0=c0|c1=c0[a]" \
  -map '[v]' -map '[a]' -map_metadata -1 -fflags +bitexact \
  -c:v libx264 -preset medium -tune stillimage -crf 20 -g 250 -threads 2 -flags:v +bitexact \
  -color_primaries bt709 -color_trc bt709 -colorspace bt709 \
  -c:a aac -b:a 96k -flags:a +bitexact -movflags +faststart talk.mp4

mv talk.mp4 "$here/talk.mp4"
# A file ends with its last line, not with an empty one.
sed -e '$d' en.srt >"$here/talk.en.srt"
sed -e '$d' es.srt >"$here/talk.es.srt"
