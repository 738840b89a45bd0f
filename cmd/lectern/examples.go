package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// examples are shown in the help of a command and in docs/cli.md, by the command's name.
var examples = map[string]string{
	"approve": `
lectern approve prototyping-apis
lectern approve prototyping-apis --wrong 'The sound is gone from 12:30 on'`,
	"bundle build":  `lectern bundle build prototyping-apis`,
	"bundle diff":   `lectern bundle diff uploaded/prototyping-apis out/prototyping-apis`,
	"bundle verify": `lectern bundle verify out/prototyping-apis`,
	"cut": `
lectern cut prototyping-apis 00:03:10-00:33:20
lectern cut prototyping-apis 1:00:03:10-00:50:00 2:0-00:10:00 --price`,
	"doctor": `lectern doctor`,
	"explain": `
lectern explain
lectern explain prototyping-apis encode/1080`,
	"gc":        `lectern gc --keep 72h --check`,
	"import":    `lectern import schedule.xml --dry-run`,
	"link list": `lectern link list`,
	"link new": `
lectern link new speaker --name 'Inés' --talk prototyping-apis
lectern link new reviewer --name 'Luz' --language es
lectern link new volunteer --name 'upload script' --program`,
	"link revoke": `lectern link revoke 12`,
	"probe":       `lectern probe camera.mkv slides.mp4`,
	"release": `
lectern release prototyping-apis
lectern release prototyping-apis --without 'The speaker approved it on the phone'`,
	"run": `
lectern run talk.mp4 --title 'Prototyping APIs' --subtitles en=talk.srt -o out
lectern run part1.mkv part2.mkv --talk talk.yaml --cut 00:03:10-00:33:20 -o out`,
	"serve": `
lectern serve
lectern serve --listen 0.0.0.0:8080 --url https://lectern.example --watch /srv/recordings`,
	"status": `
lectern status
lectern status prototyping-apis`,
	"submit": `lectern submit talk.mp4 --talk prototyping-apis --server https://lectern.example`,
	"subtitles check": `
lectern subtitles check talk.es.srt --profile netflix-es --recording talk.mp4
lectern subtitles check talk.es.srt --fix fixed.es.srt`,
	"subtitles convert": `lectern subtitles convert talk.ass talk.vtt`,
	"subtitles diff":    `lectern subtitles diff old.srt new.srt`,
	"subtitles upload":  `lectern subtitles upload prototyping-apis talk.en.srt`,
	"subtitles read":    `lectern subtitles read talk.srt --encoding windows-1252`,
	"subtitles sync": `
lectern subtitles sync talk.srt --against talk.mp4
lectern subtitles sync talk.srt --against talk.mp4 --apply talk.in-sync.srt`,
	"translations add":       `lectern translations add prototyping-apis es talk.es.srt`,
	"translations approve":   `lectern translations approve prototyping-apis es`,
	"translations check":     `lectern translations check talk.es.srt --source talk.en.srt --glossary glossary.csv`,
	"translations history":   `lectern translations history prototyping-apis es`,
	"translations restore":   `lectern translations restore prototyping-apis es 3`,
	"translations review":    `lectern translations review prototyping-apis es`,
	"translations send-back": `lectern translations send-back prototyping-apis es --cue c0012 --note 'Too long'`,
	"translations status":    `lectern translations status prototyping-apis es`,
	"translations export": `
lectern translations export prototyping-apis es -o talk.es.po
lectern translations export talk.en.srt --language es -o talk.es.xlf`,
	"translations import": `
lectern translations import talk.es.po --talk prototyping-apis
lectern translations import talk.es.po --source talk.en.srt -o talk.es.srt`,
	"translations update": `
lectern translations update --old-source old.en.srt --new-source new.en.srt --translation talk.es.srt -o new.es.srt`,
	"version": `lectern version --json`,
	"worker":  `lectern worker --redis redis://server:6379/0 --data /mnt/lectern`,
}

// addExamples appends to the help of each command its examples, under a heading.
func addExamples(app *kong.Node) {
	for _, node := range app.Leaves(true) {
		lines := strings.TrimSpace(examples[node.Path()])
		if lines == "" {
			continue
		}
		heading := "Example:"
		if strings.Contains(lines, "\n") {
			heading = "Examples:"
		}
		if node.Detail != "" {
			node.Detail += "\n\n"
		}
		node.Detail += heading + "\n\n    " + strings.ReplaceAll(lines, "\n", "\n    ")
	}
}
