package maputil_test

import (
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/maputil"
)

func TestUnionKeys(t *testing.T) {
	got := maputil.UnionKeys(map[string]int{"b": 1, "a": 2}, nil, map[string]int{"c": 3, "a": 4})
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("UnionKeys = %q, want %q", got, want)
	}
}
