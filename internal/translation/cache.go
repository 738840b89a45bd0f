package translation

import (
	"context"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
)

// MemoryCache holds translation memories by conference and language. Its zero value is empty.
type MemoryCache struct {
	mu  sync.Mutex
	all map[memoryKey]*cachedMemory
}

type memoryKey struct{ conference, language string }

// cachedMemory is a memory with the number of revisions it was built from.
type cachedMemory struct {
	rebuilding sync.Mutex // held while the memory is rebuilt; others do not wait for it
	mu         sync.Mutex // guards the fields below
	memory     *Memory
	revisions  int
	builtAt    time.Time
	buildTime  time.Duration
}

// rebuildInterval times the duration of the last build is how long a memory is used although newer
// translations exist, so that reading all talks does not fill the server's time.
const rebuildInterval = 20

// Get returns the translation memory for a talk's conference and a language. It rebuilds the memory
// first if there are new translations, but not soon after the last time; see rebuildInterval. While
// another request rebuilds it, the old one is returned, which may be empty.
func (ms *MemoryCache) Get(ctx context.Context, d Service, slug, language string) (*Memory, error) {
	s, err := d.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	r := ms.entry(memoryKey{s.Facts.Talk.Conference, language})
	if r.rebuilding.TryLock() {
		defer r.rebuilding.Unlock()
		if err := r.refresh(ctx, d, slug, language); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.memory == nil {
		return new(Memory), nil
	}
	return r.memory, nil
}

// refresh rebuilds the memory if there are new revisions, and the last build was longer ago than
// rebuildInterval times its duration.
func (r *cachedMemory) refresh(ctx context.Context, d Service, slug, language string) error {
	r.mu.Lock()
	have, of, fresh := r.memory != nil, r.revisions, time.Since(r.builtAt) < rebuildInterval*r.buildTime
	r.mu.Unlock()
	if have && fresh {
		return nil
	}
	n, err := d.Catalog.CountTranslations(ctx, language)
	if err != nil || have && n == of {
		return err
	}
	begun := time.Now()
	m, err := d.Memory(ctx, slug, language)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory, r.revisions, r.builtAt, r.buildTime = m, n, time.Now(), time.Since(begun)
	return nil
}

func (ms *MemoryCache) entry(k memoryKey) *cachedMemory {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if ms.all == nil {
		ms.all = make(map[memoryKey]*cachedMemory)
	}
	if ms.all[k] == nil {
		ms.all[k] = &cachedMemory{}
	}
	return ms.all[k]
}

// ProgressCache holds the progress of the last revision of each translation. Revisions never
// change, so each is counted once. Its zero value is empty.
type ProgressCache struct {
	mu  sync.Mutex
	all map[progressKey]cachedProgress
}

type progressKey struct{ slug, language string }

// cachedProgress is the progress of one revision.
type cachedProgress struct {
	number int
	Progress
}

// Get returns the progress of a revision, which it counts if it is not cached.
func (ps *ProgressCache) Get(ctx context.Context, d Service, t catalog.TalkTranslation) (Progress, error) {
	key := progressKey{t.Slug, t.Language}
	ps.mu.Lock()
	known := ps.all[key]
	ps.mu.Unlock()
	if known.number == t.Number {
		return known.Progress, nil
	}
	h, err := d.Load(ctx, t.Slug, t.Language, t.Number)
	if err != nil {
		return Progress{}, err
	}
	known = cachedProgress{t.Number, h.Progress()}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.all == nil {
		ps.all = make(map[progressKey]cachedProgress)
	}
	ps.all[key] = known
	return known.Progress, nil
}
