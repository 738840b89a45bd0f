package media

import "path/filepath"

// allowedDemuxers are the containers that recordings and our own files come in. Playlists and
// everything else that can name another file or host are left out on purpose: hls,
// concat, dash, sdp, image sequences, subtitle and script formats.
const allowedDemuxers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,live_flv,mxf,ogg,asf,dv,wav,w64,aiff,aac,mp3,flac"

// allowedProtocols are what ffmpeg may open: files and our own pipes.
const allowedProtocols = "file,pipe"

// InputArgs is the options with which every file that others made is opened, up to and
// with -i: a fixed list of containers, no network, and a name in which nothing means
// anything (file: takes the rest as it is).
func InputArgs(path string) []string {
	return append(safeInputArgs(), "-i", fileURL(path))
}

// safeInputArgs is the options that keep a hostile file from reaching beyond itself.
func safeInputArgs() []string {
	return []string{"-protocol_whitelist", allowedProtocols, "-format_whitelist", allowedDemuxers}
}

// fileURL is the URL by which ffmpeg opens exactly this file, whatever its name.
func fileURL(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + path
}
