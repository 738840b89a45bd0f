package catalog

import "context"

// Wish says that the bundle of a talk is to be made of what there is now, again if need be.
func (c *Catalog) Wish(ctx context.Context, who, slug, why string) error {
	return c.change(ctx, "wish for", slug, who, func(tx *change) error { return tx.wish(why) })
}

// wish raises the generation of what is wished for.
func (c *change) wish(why string) error {
	return c.exec(`INSERT INTO wishes VALUES (?1, 1, 0, '', ?2, ?3, ?4)
		ON CONFLICT DO UPDATE SET generation = generation + 1, who = ?2, why = ?3, at_ms = ?4`, c.slug, c.who, why, c.now.UnixMilli())
}

// wishAgain is wish where the talk was wished for before.
func (c *change) wishAgain(why string) error {
	return c.exec(`UPDATE wishes SET generation = generation + 1, who = ?, why = ?, at_ms = ? WHERE slug = ?`, c.who, why, c.now.UnixMilli(), c.slug)
}
