package web

import (
	"context"
	"net/http"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/tus"
)

// Limits of recording uploads.
const (
	maxUploadBytes       = 2 << 40             // bytes of one recording, enough for days
	maxUnfinishedUploads = 200                 // per person
	uploadLifetime       = 14 * 24 * time.Hour // without progress
	sweepEvery           = time.Hour
)

// newUploads returns the tus server that receives recordings in dir. It restores the uploads that
// are there.
func (s *Server) newUploads(dir string) (*tus.Server, error) {
	return tus.New(tus.Options{
		Dir: dir, BasePath: uploadsPath, MaxSize: maxUploadBytes, MaxUploads: maxUnfinishedUploads, Lifetime: uploadLifetime,
		Authorize: s.uploadOwner, OnComplete: s.receiveUpload, Log: s.log,
	})
}

// uploadOwner returns the name of the person who makes an upload request. It returns
// access.ErrForbidden if they may not manage recordings.
func (s *Server) uploadOwner(r *http.Request) (string, error) {
	v, err := s.newRequest(nil, r)
	if err != nil {
		return "", err
	}
	g, err := v.person.GrantFor(access.ManageRecordings, "", "")
	return g.Name, err
}

// receiveUpload passes a complete upload on as a recording. Its name and room come from the client
// and are only shown; no file is named after them.
func (s *Server) receiveUpload(ctx context.Context, u tus.Upload) error {
	name := u.Metadata["filename"]
	if name == "" {
		name = u.Metadata["name"]
	}
	return s.service.Recordings.Receive(ctx, service.ReceivedRecording{
		ID: u.ID, Name: cleanName(name), Path: u.Path, SHA256: u.SHA256, Size: u.Size, Who: u.Owner, Room: cleanName(u.Metadata["room"]),
	})
}

// sweepUploads removes expired uploads and delivers complete ones that were refused before, every
// sweepEvery until ctx ends. Then it closes the upload server.
func (s *Server) sweepUploads(ctx context.Context) error {
	defer s.uploads.Close()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.uploads.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("removing expired uploads failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
