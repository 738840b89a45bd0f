-- The conference server: the programme, who may do what, what arrived, and what people said.

-- What holds for the whole conference. Names are of package catalog.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL            -- JSON
) STRICT, WITHOUT ROWID;

-- A talk's place in the programme, and whether it may be published.
CREATE TABLE programme (
    slug       TEXT PRIMARY KEY REFERENCES talks,
    guid       TEXT NOT NULL,      -- the schedule's own; '': it has none
    event      TEXT NOT NULL,      -- the schedule's own id; '': it has none
    scheduling TEXT NOT NULL,      -- JSON: conference.Scheduling, as it stands
    imported   TEXT                -- JSON: what the schedule last said of the talk; NULL: it was made by hand
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX programme_by_guid ON programme (guid) WHERE guid <> '';
CREATE INDEX programme_by_event ON programme (event);

-- Talks whose bundle is wished for. A wish of a higher generation than was made is open.
CREATE TABLE wishes (
    slug       TEXT PRIMARY KEY REFERENCES talks,
    generation INTEGER NOT NULL,   -- counts the changes
    made       INTEGER NOT NULL,   -- the generation that was made, or failed, last
    outcome    TEXT NOT NULL,      -- of that: '' is well
    who        TEXT NOT NULL,
    why        TEXT NOT NULL,
    at_ms      INTEGER NOT NULL    -- of the last change
) STRICT, WITHOUT ROWID;

-- Recordings that were handed in, before and after somebody said which talks they are of.
CREATE TABLE arrivals (
    id         TEXT PRIMARY KEY,   -- of the upload, or of the file in the watched folder
    name       TEXT NOT NULL,      -- as it was called
    path       TEXT NOT NULL,      -- absolute, where it lies
    sha256     TEXT NOT NULL,
    size       INTEGER NOT NULL,   -- bytes
    who        TEXT NOT NULL,
    room       TEXT NOT NULL,      -- '': nobody said
    begun_ms   INTEGER,            -- when the recording begins; NULL: nobody knows
    length_ms  INTEGER,            -- NULL: not probed yet
    findings   TEXT NOT NULL,      -- JSON: what probing found
    state      TEXT NOT NULL,      -- new, taken, dismissed
    arrived_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX arrivals_by_content ON arrivals (sha256);

-- Links, and the tokens of programs. Their secrets are not here, only the hashes of them.
CREATE TABLE links (
    id         INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE, -- SHA-256 of the secret
    kind       TEXT NOT NULL,      -- link, token, once
    role       TEXT NOT NULL,
    slug       TEXT NOT NULL,      -- '': no talk in particular
    language   TEXT NOT NULL,      -- BCP 47; '': none in particular
    name       TEXT NOT NULL,      -- of the person, for the history
    email      TEXT NOT NULL,
    maker      TEXT NOT NULL,      -- who made it
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    used_ms    INTEGER             -- the last time; NULL: never
) STRICT;
CREATE INDEX links_by_talk ON links (slug, language);

CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,   -- SHA-256 of the cookie
    link       INTEGER NOT NULL REFERENCES links,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What speakers and organisers said of a talk as it is to be published.
CREATE TABLE verdicts (
    id      INTEGER PRIMARY KEY,
    slug    TEXT NOT NULL REFERENCES talks,
    who     TEXT NOT NULL,
    verdict TEXT NOT NULL,         -- approved, wrong
    words   TEXT NOT NULL,
    bundle  TEXT NOT NULL,         -- the key of the bundle that they saw
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX verdicts_by_talk ON verdicts (slug, id);

-- Talks that were to be released. One that is refused for now stays wanted.
CREATE TABLE releases (
    slug        TEXT PRIMARY KEY REFERENCES talks,
    who         TEXT NOT NULL,
    wanted_ms   INTEGER NOT NULL,
    refused     TEXT NOT NULL,     -- why not yet; '': nothing speaks against it
    released_ms INTEGER,
    bundle      TEXT NOT NULL,     -- the key of the bundle that was released; ''
    dir         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is at a translation.
CREATE TABLE claims (
    slug       TEXT NOT NULL REFERENCES talks,
    language   TEXT NOT NULL,
    who        TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (slug, language)
) STRICT, WITHOUT ROWID;

-- Letters that are to be sent, and were.
CREATE TABLE letters (
    id       INTEGER PRIMARY KEY,
    cause    TEXT NOT NULL UNIQUE, -- what it is about, so that it is written once
    receiver TEXT NOT NULL,        -- an address
    subject  TEXT NOT NULL,
    body     TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    due_ms   INTEGER NOT NULL,     -- not before
    sent_ms  INTEGER,
    attempts INTEGER NOT NULL,
    failure  TEXT NOT NULL
) STRICT;
CREATE INDEX letters_unsent ON letters (due_ms) WHERE sent_ms IS NULL;
