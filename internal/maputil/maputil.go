// Package maputil does what Lectern needs of maps beyond package maps.
package maputil

import (
	"maps"
	"slices"
)

// UnionKeys returns the keys that are in any of the maps, sorted.
func UnionKeys[V any](all ...map[string]V) []string {
	union := make(map[string]bool)
	for _, m := range all {
		for key := range m {
			union[key] = true
		}
	}
	return slices.Sorted(maps.Keys(union))
}
