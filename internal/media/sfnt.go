package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf16"
)

// fontFile is a TrueType or OpenType font file, or a collection of fonts.
type fontFile struct {
	data  []byte
	faces [][]fontTable
}

// fontTable is a table of a font. The fonts of a collection share tables.
type fontTable struct {
	tag       string
	sum       uint32 // checksum
	from, len int    // in bytes
}

// CheckFont returns an error if the file at path is not a TrueType or OpenType font or collection,
// or is damaged: truncated, with a wrong checksum, or without outlines or another table that
// drawing needs.
func CheckFont(path string) error {
	_, err := readFontFile(path)
	return err
}

var errFontTruncated = errors.New("it ends too early")

func readFontFile(path string) (t fontFile, err error) {
	f, err := os.Open(path)
	if err != nil {
		return t, err
	}
	defer f.Close()
	const most = 256 << 20 // the largest fonts on the market have a tenth of that
	if t.data, err = io.ReadAll(io.LimitReader(f, most+1)); err != nil {
		return t, err
	}
	if len(t.data) < 12 || len(t.data) > most {
		return t, fmt.Errorf("it has %d bytes", len(t.data))
	}
	begins := []int{0}
	if string(t.data[:4]) == "ttcf" {
		if begins, err = t.collectionOffsets(); err != nil {
			return t, err
		}
	}
	verified := make(map[fontTable]bool)
	for _, at := range begins {
		face, err := t.face(at, verified)
		if err != nil {
			return t, err
		}
		t.faces = append(t.faces, face)
	}
	return t, nil
}

// collectionOffsets returns the offsets in the file at which the fonts of a collection begin.
func (t fontFile) collectionOffsets() (begins []int, err error) {
	n := int(binary.BigEndian.Uint32(t.data[8:]))
	if n < 1 || n > (len(t.data)-12)/4 {
		return nil, errFontTruncated
	}
	for i := range n {
		begins = append(begins, int(binary.BigEndian.Uint32(t.data[12+4*i:])))
	}
	return begins, nil
}

// face returns the tables of the font at an offset. It verifies the checksums of those that are not
// in verified, and adds them there. It returns an error if the font is damaged or has no outlines.
func (t fontFile) face(at int, verified map[fontTable]bool) (tables []fontTable, err error) {
	if at > len(t.data)-12 {
		return nil, errFontTruncated
	}
	list := t.data[at:]
	kinds := []string{"\x00\x01\x00\x00", "OTTO", "true"}
	if kind := string(list[:4]); !slices.Contains(kinds, kind) {
		return nil, fmt.Errorf("it begins with %q, which is neither TrueType nor OpenType", kind)
	}
	n := int(binary.BigEndian.Uint16(list[4:]))
	if len(list) < 12+16*n {
		return nil, errFontTruncated
	}
	has := make(map[string]bool)
	for i := range n {
		entry := list[12+16*i:]
		u32 := func(at int) uint32 { return binary.BigEndian.Uint32(entry[at:]) }
		table := fontTable{tag: string(entry[:4]), sum: u32(4), from: int(u32(8)), len: int(u32(12))}
		if table.from > len(t.data) || table.len > len(t.data)-table.from {
			return nil, errFontTruncated
		}
		if !verified[table] && tableChecksum(table.tag, t.bytes(table)) != table.sum {
			return nil, fmt.Errorf("the checksum of its table %q is wrong", table.tag)
		}
		verified[table], has[table.tag] = true, true
		tables = append(tables, table)
	}
	hasOutlines := has["glyf"] || has["CFF "] || has["CFF2"]
	if !has["cmap"] || !has["head"] || !has["maxp"] || !hasOutlines {
		return nil, errors.New("it has no glyph outlines")
	}
	return tables, nil
}

func (t fontFile) bytes(table fontTable) []byte { return t.data[table.from:][:table.len] }

// tableChecksum returns the checksum of a table's data. In the table "head" it skips the field that
// holds the checksum of the whole file.
func tableChecksum(tag string, data []byte) (sum uint32) {
	for at := 0; at < len(data); at += 4 {
		var word [4]byte
		copy(word[:], data[at:])
		if tag != "head" || at != 8 {
			sum += binary.BigEndian.Uint32(word[:])
		}
	}
	return sum
}

// renamed returns the file's first font as a file of its own with another family name, so that it
// cannot be confused with an installed font.
func (t fontFile) renamed(family string) []byte {
	tables, contents := slices.Clone(t.faces[0]), make(map[string][]byte)
	for _, table := range tables {
		contents[table.tag] = t.bytes(table)
	}
	if contents["name"] == nil {
		tables = append(tables, fontTable{tag: "name"})
		slices.SortFunc(tables, func(a, b fontTable) int { return slices.Compare([]byte(a.tag), []byte(b.tag)) })
	}
	contents["name"] = nameTable(family)
	kind := []byte("\x00\x01\x00\x00")
	if contents["glyf"] == nil {
		kind = []byte("OTTO")
	}
	u16, u32 := binary.BigEndian.AppendUint16, binary.BigEndian.AppendUint32
	head := append(u16(kind, uint16(len(tables))), make([]byte, 6)...) // search hints, which are optional
	var body []byte
	for _, table := range tables {
		data := contents[table.tag]
		head = append(head, table.tag...)
		head = u32(u32(u32(head, tableChecksum(table.tag, data)), uint32(12+16*len(tables)+len(body))), uint32(len(data)))
		body = append(append(body, data...), make([]byte, -len(data)&3)...)
	}
	return append(head, body...)
}

// nameTable returns a font's name table in which the family, the full name and the PostScript name
// are family.
func nameTable(family string) []byte {
	const windows, unicodeBMP, american = 3, 1, 0x409
	var text []byte
	u16 := binary.BigEndian.AppendUint16
	for _, unit := range utf16.Encode([]rune(family)) {
		text = u16(text, unit)
	}
	ids := []uint16{1, 4, 6} // family, full name, name in PostScript
	table := u16(u16(u16(nil, 0), uint16(len(ids))), uint16(6+12*len(ids)))
	for _, id := range ids {
		for _, v := range []uint16{windows, unicodeBMP, american, id, uint16(len(text)), 0} {
			table = u16(table, v)
		}
	}
	return append(table, text...)
}
