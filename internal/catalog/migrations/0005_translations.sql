-- Translations that are kept to their source, revision by revision: each is the whole of
-- one, with the states of its cues, and never changes.
CREATE TABLE translations (
    slug       TEXT NOT NULL REFERENCES talks,
    language   TEXT NOT NULL,
    number     INTEGER NOT NULL,   -- from 1
    source     INTEGER NOT NULL,   -- the revision of the source that it is held against
    state      TEXT NOT NULL,      -- of the whole
    cues       TEXT NOT NULL,      -- JSON: []translation.Cue
    who        TEXT NOT NULL,
    why        TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (slug, language, number)
) STRICT;

CREATE TRIGGER translations_stand BEFORE UPDATE ON translations
BEGIN SELECT raise(ABORT, 'a revision never changes'); END;
CREATE TRIGGER translations_stay BEFORE DELETE ON translations
BEGIN SELECT raise(ABORT, 'a revision stays for ever'); END;

-- Where recordings and the like were when they were last used.
CREATE TABLE originals (
    sha256   TEXT PRIMARY KEY,
    path     TEXT NOT NULL,        -- absolute
    size     INTEGER NOT NULL,     -- bytes
    mtime_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
