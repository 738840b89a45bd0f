package mediatest

// Timecode returns the sound of linear timecode (SMPTE 12M) at 25 frames a second: 80 bits a frame
// in biphase mark, counted from 10:00:00:00. It lasts that many seconds and has the amplitude
// level.
func Timecode(seconds int, level float32) []float32 {
	const half = Hz / (Rate * 80 * 2) // samples of half a bit
	x := make([]float32, 0, seconds*Hz)
	for n := range seconds * Rate {
		for _, bit := range timecodeBits(n) {
			level = -level
			for i := range 2 * half {
				if i == half && bit {
					level = -level
				}
				x = append(x, level)
			}
		}
	}
	return x
}

// timecodeBits returns the 80 bits of frame n after ten o'clock.
func timecodeBits(n int) (word [80]bool) {
	put := func(at, width, value int) {
		for i := range width {
			word[at+i] = value>>i&1 == 1
		}
	}
	frame, second, minute := n%Rate, n/Rate%60, n/Rate/60%60
	put(0, 4, frame%10)
	put(8, 2, frame/10)
	put(16, 4, second%10)
	put(24, 3, second/10)
	put(32, 4, minute%10)
	put(40, 3, minute/10)
	put(56, 2, 1) // the tens of the hour
	put(64, 16, 0xBFFC)
	return word
}
