package service

import "github.com/lectern-av/lectern/internal/catalog"

// ErrNotFound says that what was asked for does not exist.
var ErrNotFound = catalog.ErrNotFound

// Records of the catalog that callers of this package show as they are, so that they depend on
// the service alone.
type (
	Link              = catalog.Link
	LinkKind          = catalog.LinkKind
	Verdict           = catalog.Verdict
	Claim             = catalog.Claim
	Conflict          = catalog.Conflict
	Event             = catalog.Event
	TalkTrack         = catalog.OverviewTrack
	TranslationRecord = catalog.Translation
)

// The kinds of links.
const (
	LinkReusable = catalog.LinkReusable
	LinkOneTime  = catalog.LinkOneTime
	LinkAPIToken = catalog.LinkAPIToken
)

// ArrivalNew is the state of a recording that was not assigned to a talk yet.
const ArrivalNew = catalog.ArrivalNew

// ReviewApproved is the verdict of a speaker who approves a talk.
const ReviewApproved = catalog.ReviewApproved

// EventEnglish puts the messages of events into words.
var EventEnglish = catalog.EventEnglish
