package media

import "path/filepath"

// demuxers are the containers that recordings and our own files come in. Playlists and
// everything else that can name another file or host are left out on purpose: hls,
// concat, dash, sdp, image sequences, subtitle and script formats.
const demuxers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,live_flv,mxf,ogg,asf,dv,wav,w64,aiff,aac,mp3,flac"

// protocols are what ffmpeg may open: files and our own pipes.
const protocols = "file,pipe"

// Input is the options with which every file that others made is opened, up to and
// with -i: a fixed list of containers, no network, and a name in which nothing means
// anything (file: takes the rest as it is).
func Input(path string) []string {
	return append(hostile(), "-i", locate(path))
}

// hostile is the options that keep a hostile file from reaching beyond itself.
func hostile() []string {
	return []string{"-protocol_whitelist", protocols, "-format_whitelist", demuxers}
}

// locate is the URL by which ffmpeg opens exactly this file, whatever its name.
func locate(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + path
}
