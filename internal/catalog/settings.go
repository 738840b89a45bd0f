package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// SettingGlossary is the name of the setting for a conference's glossary.
const SettingGlossary = "glossary"

// Setting decodes a setting of the conference into into, a pointer. ok is false if the setting was
// never saved.
func (c *Catalog) Setting(ctx context.Context, name string, into any) (ok bool, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, name).Scan(jsonColumn{into})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the setting %s: %w", name, err)
	}
	return true, nil
}

// SaveSetting saves value as JSON under a name. The history records who changed it, but not its
// value.
func (c *Catalog) SaveSetting(ctx context.Context, who, name string, value any) error {
	return c.withChange(ctx, "set "+name, "", who, func(tx *change) error {
		text, err := jsonText(value)
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, text); err != nil {
			return err
		}
		return tx.event(ctx, "setting."+name, nil, nil)
	})
}
