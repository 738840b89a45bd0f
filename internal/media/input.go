package media

import "path/filepath"

// allowedDemuxers are the containers of recordings and of Lectern's own files. Everything that
// can refer to other files or hosts is left out on purpose: hls, concat, dash, sdp, image
// sequences, subtitle and script formats.
const allowedDemuxers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,live_flv,mxf,ogg,asf,dv,wav,w64,aiff,aac,mp3,flac"

// allowedProtocols are what ffmpeg may open: files, and the pipes of this program.
const allowedProtocols = "file,pipe"

// InputArgs returns ffmpeg's options to open a file from outside, up to and including -i. They
// allow a fixed list of containers and no network, and name the file such that no character has a
// special meaning.
func InputArgs(path string) []string {
	return append(safeInputArgs(), "-i", fileURL(path))
}

// safeInputArgs returns ffmpeg's options that keep a hostile file from opening other files or
// hosts.
func safeInputArgs() []string {
	return []string{"-protocol_whitelist", allowedProtocols, "-format_whitelist", allowedDemuxers}
}

// fileURL returns the URL by which ffmpeg opens exactly the file at path, even if its name has
// special characters.
func fileURL(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + path
}
