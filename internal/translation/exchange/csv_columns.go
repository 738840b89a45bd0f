package exchange

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// columnNames are the columns that a file must have, by their names in the languages into which
// spreadsheets and translation services put headings.
var columnNames = map[string]string{
	"identificador": "id", "identifiant": "id", "kennung": "id",
	"origen": "source", "original": "source", "texto original": "source", "fuente": "source", "quelle": "source", "quelltext": "source",
	"origem": "source", "fonte": "source", "origine": "source", "texte source": "source", "testo originale": "source",
	"traducción": "translation", "traduccion": "translation", "tradução": "translation", "traduction": "translation", "traduzione": "translation",
	"übersetzung": "translation", "target": "translation", "destino": "translation", "ziel": "translation",
	"estado": "state", "état": "state", "status": "state", "notas": "notes", "notizen": "notes", "detalles": "details",
}

// columnName returns the name in [csvColumns] of a heading, which may be translated. A heading that
// is unknown is returned in lower case.
func columnName(heading string) string {
	heading = strings.ToLower(strings.Trim(heading, "\ufeff \t\r\""))
	if name, ok := columnNames[heading]; ok {
		return name
	}
	return heading
}

// separatorLine matches the first line by which Excel is told what separates cells: sep=;
var separatorLine = regexp.MustCompile(`(?i)^(\x{feff})?"?sep=[^\r\n]"?[^\r\n]?(\r?\n)`)

// blankSeparatorLine returns a text whose first line is emptied if it is Excel's "sep=;". Its line
// end stays, so that the other lines keep their numbers.
func blankSeparatorLine(text string) string { return separatorLine.ReplaceAllString(text, "$2") }

// headingText returns the beginning of a file as text. If it is not UTF-8, as in a file of a
// Western code page or in UTF-16 without zeros, every byte is a character of its own.
func headingText(head []byte) string {
	if first, _, _ := bytes.Cut(head, []byte("\n")); utf8.Valid(first) {
		return string(head)
	}
	var b strings.Builder
	for _, c := range bytes.TrimPrefix(head, []byte{0xff, 0xfe}) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// isSheet reports whether the first line of a text has at least two of the headings id, source and
// translation, which may be translated.
func isSheet(text string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(blankSeparatorLine(text), "\r\n"), "\n")
	found := map[string]bool{}
	for _, heading := range strings.FieldsFunc(first, func(r rune) bool { return strings.ContainsRune(",;\t", r) }) {
		found[columnName(heading)] = true
	}
	return found["translation"] && (found["id"] || found["source"]) || found["id"] && found["source"]
}

// spreadsheetError matches what spreadsheets in any language show for a cell that they can't
// calculate: #NAME?, #¡VALOR!, #ДЕЛ/0!, #N/A, Err:508.
var spreadsheetError = regexp.MustCompile(`^(#[¡¿]?[\p{Lu}\p{Lo}_]+(/0)?[?!]|#[\p{Lu}]/[\p{Lu}]|#NV|#GETTING_DATA|(Err|Error|Fehler|Erreur|Errore|Erro|Ошибка):[0-9]{3})$`)

func isSpreadsheetError(cell string) bool {
	return spreadsheetError.MatchString(strings.TrimSpace(cell))
}
