package subtitle

import "slices"

// The sizes of the parts of an EBU STL file (EBU Tech 3264, section 3): a block of general
// subtitle information, and blocks of text and timing information.
const (
	gsiSize = 1024
	ttiSize = 128
)

// stlHeader has the fields of the general subtitle information that are used.
type stlHeader struct {
	frameRate      string // "25" or "30"
	characterTable string // "00" to "04"
	programmeStart string // HHMMSSFF
}

// isEBU reports whether data is EBU STL: it has the disk format code "STL25.01" or "STL30.01".
func isEBU(data []byte) bool {
	return len(data) >= gsiSize && string(data[3:6]) == "STL" && string(data[8:11]) == ".01"
}

// parseSTLHeader reads the header of an EBU STL file, for which isEBU must be true.
func parseSTLHeader(data []byte) stlHeader {
	return stlHeader{
		frameRate:      string(data[6:8]),
		characterTable: string(data[12:14]),
		programmeStart: string(data[256:264]),
	}
}

// ttiBlock is a block of text and timing information. A subtitle has one or several.
type ttiBlock []byte

// ttiBlocks returns the complete blocks of an EBU STL file. What remains at the end is ignored.
func ttiBlocks(data []byte) []ttiBlock {
	body := data[gsiSize:]
	body = body[:len(body)-len(body)%ttiSize]
	blocks := make([]ttiBlock, 0, len(body)/ttiSize)
	for b := range slices.Chunk(body, ttiSize) {
		blocks = append(blocks, b)
	}
	return blocks
}

func (b ttiBlock) subtitle() string    { return string(b[1:3]) } // its number
func (b ttiBlock) isUserData() bool    { return b[3] == 0xfe }
func (b ttiBlock) hasExtension() bool  { return b[3] < 0xf0 } // the next block goes on with the subtitle
func (b ttiBlock) cumulative() byte    { return b[4] }
func (b ttiBlock) timeIn() timecode    { return parseSTLTime(b[5:9]) }
func (b ttiBlock) timeOut() timecode   { return parseSTLTime(b[9:13]) }
func (b ttiBlock) verticalRow() byte   { return b[13] }
func (b ttiBlock) justification() byte { return b[14] }
func (b ttiBlock) isComment() bool     { return b[15] == 1 }
func (b ttiBlock) text() []byte        { return b[16:] }

// parseSTLTime reads a timecode of four bytes: hours, minutes, seconds and frames.
func parseSTLTime(b []byte) timecode {
	return timecode{h: int64(b[0]), m: int64(b[1]), s: int64(b[2]), f: int64(b[3])}
}

// extendedBy reports whether the subtitle of block i continues in the block after it.
func extendedBy(blocks []ttiBlock, i int) bool {
	return blocks[i].hasExtension() && i+1 < len(blocks) && blocks[i+1].subtitle() == blocks[i].subtitle()
}
