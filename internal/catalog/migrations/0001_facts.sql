-- What people said and handed in, and what was published. Times (…_ms) are Unix
-- milliseconds. Columns that hold JSON say so.

CREATE TABLE talks (
    slug          TEXT PRIMARY KEY,
    talk          TEXT NOT NULL,   -- JSON: conference.Talk
    cut           TEXT NOT NULL,   -- JSON: []conference.Keep
    channels      TEXT NOT NULL,
    out           TEXT NOT NULL,   -- absolute directory that holds the bundle's
    pipeline      TEXT NOT NULL,   -- name or absolute file
    pipeline_text TEXT NOT NULL,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX talks_by_out ON talks (out);

CREATE TABLE recordings (
    slug     TEXT NOT NULL REFERENCES talks,
    position INTEGER NOT NULL,     -- in the reel, from 1
    sha256   TEXT NOT NULL,
    size     INTEGER NOT NULL,     -- bytes
    name     TEXT NOT NULL,
    PRIMARY KEY (slug, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE salts (
    slug      TEXT NOT NULL REFERENCES talks,
    rendition TEXT NOT NULL,
    salt      INTEGER NOT NULL,
    PRIMARY KEY (slug, rendition)
) STRICT, WITHOUT ROWID;

-- The present set of a talk's tracks, each at one revision. A track that is not present
-- keeps its revisions, and goes on counting from them when it comes back.
CREATE TABLE tracks (
    slug     TEXT NOT NULL REFERENCES talks,
    language TEXT NOT NULL,
    kind     TEXT NOT NULL,
    state    TEXT NOT NULL,
    file     TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (slug, language),
    FOREIGN KEY (slug, language, revision) REFERENCES revisions
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (
    slug       TEXT NOT NULL REFERENCES talks,
    language   TEXT NOT NULL,
    number     INTEGER NOT NULL,   -- from 1
    digest     TEXT NOT NULL,      -- SHA-256 of its cues' times and texts
    cues       TEXT NOT NULL,      -- JSON: []conference.Cue
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (slug, language, number)
) STRICT;

CREATE TRIGGER revisions_stand BEFORE UPDATE ON revisions
BEGIN SELECT raise(ABORT, 'a revision never changes'); END;
CREATE TRIGGER revisions_stay BEFORE DELETE ON revisions
BEGIN SELECT raise(ABORT, 'a revision stays for ever'); END;

-- An edition is known by the hash of its body; talks may share one.
CREATE TABLE editions (
    id         TEXT PRIMARY KEY,
    body       TEXT NOT NULL,      -- JSON: conference.Edition
    created_ms INTEGER NOT NULL
) STRICT;

-- Which edition a file on programme time was made against. Uploads may come before
-- their talk is saved.
CREATE TABLE uploads (
    slug       TEXT NOT NULL,
    language   TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    edition    TEXT NOT NULL REFERENCES editions,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (slug, language, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE publications (
    id      INTEGER PRIMARY KEY,
    slug    TEXT NOT NULL REFERENCES talks,
    edition TEXT NOT NULL,
    dir     TEXT NOT NULL,
    keys    TEXT NOT NULL,         -- JSON: []action.Key
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX publications_by_talk ON publications (slug, id);

CREATE TABLE events (
    id    INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    slug  TEXT NOT NULL,
    who   TEXT NOT NULL,
    what  TEXT NOT NULL,
    old   TEXT,                    -- JSON; NULL: there was none
    new   TEXT                     -- JSON; NULL: there is none any more
) STRICT;
CREATE INDEX events_by_talk ON events (slug, id);

-- Hashes of files that are used where they lie.
CREATE TABLE hashes (
    dev      INTEGER NOT NULL,
    ino      INTEGER NOT NULL,
    size     INTEGER NOT NULL,     -- bytes
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    sha256   TEXT NOT NULL,
    PRIMARY KEY (dev, ino)
) STRICT, WITHOUT ROWID;
