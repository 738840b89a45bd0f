package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
)

// The files that Analyse writes. Neither has a header; both start at the origin of the
// analysis, and the last record of each is padded with silence.
//
// BlocksFile holds a record of 32 bytes for each 100 ms: the mean squares after K-weighting of
// left, right, and left times right, as three little-endian float32; then the greatest sample
// of each 10 ms, ten level bytes for the left channel and ten for the right. The loudness of
// any ranges, in any choice of channels, can be computed from it without reading the recording
// again.
//
// LevelsFile holds one level byte for each 10 ms: the unweighted mean square of both channels.
// Onsets of speech can be found in it.
//
// A level byte is 2 × (dBFS + 120), rounded: steps of half a decibel from −120 dB to +7.5 dB.
const (
	BlocksFile = "blocks.bin"
	LevelsFile = "levels.bin"
)

// loudnessBlock is a record of BlocksFile.
type loudnessBlock struct {
	left, right, cross float64 // mean squares after K-weighting
	peaks              [2][framesPerBlock]byte
}

const recordSize = 3*4 + 2*framesPerBlock

func (b loudnessBlock) encode() []byte {
	r := make([]byte, 0, recordSize)
	for _, e := range [...]float64{b.left, b.right, b.cross} {
		r = binary.LittleEndian.AppendUint32(r, math.Float32bits(float32(e)))
	}
	return append(append(r, b.peaks[0][:]...), b.peaks[1][:]...)
}

// readBlocks reads a whole BlocksFile, which has about a megabyte for an hour of sound. It returns
// an error if the last record is incomplete.
func readBlocks(path string) ([]loudnessBlock, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(raw)%recordSize != 0 {
		return nil, fmt.Errorf("%s: %w: %d bytes are no whole number of records", path, io.ErrUnexpectedEOF, len(raw))
	}
	blocks := make([]loudnessBlock, len(raw)/recordSize)
	for i := range blocks {
		r := bytes.NewBuffer(raw[i*recordSize : (i+1)*recordSize])
		for _, e := range [...]*float64{&blocks[i].left, &blocks[i].right, &blocks[i].cross} {
			*e = float64(math.Float32frombits(binary.LittleEndian.Uint32(r.Next(4))))
		}
		copy(blocks[i].peaks[0][:], r.Next(framesPerBlock))
		copy(blocks[i].peaks[1][:], r.Next(framesPerBlock))
	}
	return blocks, nil
}

// levelByte encodes a level in dB as LevelsFile has it. Levels out of its range become the nearest
// one that it can hold.
func levelByte(db float64) byte {
	return byte(math.Round(min(255, max(0, 2*(db-minLevel))))) // −Inf is 0
}

// ReadLevels reads a whole LevelsFile: levels in dB, one for each 10 ms.
func ReadLevels(path string) ([]float32, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the levels of a recording: %w", err)
	}
	levels := make([]float32, len(raw))
	for i, l := range raw {
		levels[i] = float32(l)/2 + minLevel
	}
	return levels, nil
}

// minLevel is the level that a level byte of 0 stands for, in dB.
const minLevel = -120.0
