package sortedkeys_test

import (
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/sortedkeys"
)

func TestUnion(t *testing.T) {
	got := sortedkeys.Union(map[string]int{"b": 1, "a": 2}, nil, map[string]int{"c": 3, "a": 4})
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("Union = %q, want %q", got, want)
	}
}
