package translation

import "github.com/lectern-av/lectern/internal/message"

// English puts the details of findings into words; those of package check's rules are in
// [check.English]. Each is a clause whose subject is the cue. Codes are those of the rules,
// followed by what distinguishes the case.
var English = message.Templates{
	"untranslated":            "is not translated",
	"copy-of-source":          "only repeats the source",
	"out-of-date":             "translates an earlier source text: “{source}”",
	"number-changed":          "has {found} where the source has {source}",
	"number-missing":          "lacks numbers of the source: {source}",
	"address-changed":         "has “{found}” where the source has “{source}”",
	"address-changed.missing": "lacks “{source}”, which is the same in every language",
	"code-changed":            "has “{found}” where the source has “{source}”",
	"code-changed.missing":    "lacks “{source}”, which is the same in every language",
	"glossary":                "does not translate “{term}” as in the glossary: {wordings}",
	"glossary.note":           "does not translate “{term}” as in the glossary: {wordings} ({note})",
	"much-too-long":           "takes {needs} to read by {profile} but is shown for {shown}: shorten it to {percent} %",
	"unclosed":                "has {sign} without {partner}",
	"broken-markup":           "shows viewers “{markup}”",
	"name-changed":            "lacks “{name}”",
	"name-changed.often":      "lacks “{name}”, here and elsewhere",
	"look-lost":               "lacks the italics, bold or colour of the source",
	"unknown-source":          "has no source cue at that time",
}
