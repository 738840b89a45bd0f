package plan_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/plan"
)

// Settings that no encoder supports are errors in the pipeline file.
func TestEncodeSettings_Invalid(t *testing.T) {
	for renditions, says := range map[string]string{
		"[{height: 720, crf: 60}]":                                                "crf 60 is not between 1 and 51",
		"[{height: 720, codec: av1, crf: 60}]":                                    "",
		"[{height: 720, lossless: true, crf: 20}]":                                "contradict one another",
		"[{height: 720, codec: vp9, bitrate: lots}]":                              "is not a bit rate",
		"[{height: 720, codec: vp9, bitrate: 1484.8k}]":                           "",
		"[{height: 720, crf: 20}, {height: 720, crf: 30}]":                        "renditions 1 and 2 would both be called \"720\"",
		"[{height: 720, crf: 20}, {name: small, height: 720, crf: 30}]":           "",
		"[{height: 720, codec: av1}, {height: 720, codec: av1, container: webm}]": "would both be called \"720-av1\"",
	} {
		var with plan.EncodeSettings
		if err := yaml.Unmarshal([]byte("renditions: "+renditions), &with); err != nil {
			t.Fatal(err)
		}
		err := plan.Encode().Check(&with)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", renditions, err, says)
		}
	}
}
