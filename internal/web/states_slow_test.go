//go:build slow

package web_test

import "testing"

func TestEndpoints_EveryState(t *testing.T) { requestEverything(t, allTalkParts()) }
