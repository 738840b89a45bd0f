// Package sortedkeys lists the keys of maps in a fixed order.
package sortedkeys

import (
	"maps"
	"slices"
)

// Union returns the keys that are in any of the maps, sorted.
func Union[V any](all ...map[string]V) []string {
	union := make(map[string]bool)
	for _, m := range all {
		for key := range m {
			union[key] = true
		}
	}
	return slices.Sorted(maps.Keys(union))
}
