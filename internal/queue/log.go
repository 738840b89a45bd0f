package queue

import (
	"fmt"
	"log/slog"
)

// asynqLog is asynq's logger. What asynq logs of its start and stop is for debugging, and what
// it calls an error (Redis is away) passes by itself: a warning.
type asynqLog struct{ *slog.Logger }

func (l asynqLog) Debug(args ...any) { l.Logger.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.Logger.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.Logger.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Error(args ...any) { l.Logger.Warn("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Fatal(args ...any) { l.Logger.Error("asynq: " + fmt.Sprint(args...)) }
