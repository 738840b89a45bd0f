-- What the conductor did: for "why did this run?" and for status. None of it is a fact;
-- old runs may be forgotten.

CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    slug     TEXT NOT NULL,
    command  TEXT NOT NULL,
    begun_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome  TEXT
) STRICT;
CREATE INDEX runs_by_talk ON runs (slug, id);

CREATE TABLE preimages (
    key      TEXT PRIMARY KEY,
    preimage BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
    run      INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    slot     TEXT NOT NULL,
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    state    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    took_ms  INTEGER NOT NULL,
    failure  TEXT,                 -- JSON: action.Failure
    PRIMARY KEY (run, slot)
) STRICT, WITHOUT ROWID;
