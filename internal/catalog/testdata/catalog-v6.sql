-- A catalogue as Lectern wrote it with six migrations, of a talk with everything that can be
-- recorded about one. Never changed: it stands for data directories that exist.
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
, conference TEXT NOT NULL DEFAULT '{}', treatment TEXT NOT NULL DEFAULT '{}') STRICT;
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
CREATE TABLE tracks (
    slug     TEXT NOT NULL REFERENCES talks,
    language TEXT NOT NULL,
    kind     TEXT NOT NULL,
    state    TEXT NOT NULL,
    file     TEXT NOT NULL,
    revision INTEGER NOT NULL, source TEXT,
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
CREATE TABLE editions (
    id         TEXT PRIMARY KEY,
    body       TEXT NOT NULL,      -- JSON: conference.Edition
    created_ms INTEGER NOT NULL
) STRICT;
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
CREATE TABLE events (
    id    INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    slug  TEXT NOT NULL,
    who   TEXT NOT NULL,
    what  TEXT NOT NULL,
    old   TEXT,                    -- JSON; NULL: there was none
    new   TEXT                     -- JSON; NULL: there is none any more
) STRICT;
CREATE TABLE hashes (
    dev      INTEGER NOT NULL,
    ino      INTEGER NOT NULL,
    size     INTEGER NOT NULL,     -- bytes
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    sha256   TEXT NOT NULL,
    PRIMARY KEY (dev, ino)
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    id       INTEGER PRIMARY KEY,
    slug     TEXT NOT NULL,
    command  TEXT NOT NULL,
    begun_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome  TEXT
) STRICT;
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
CREATE TABLE originals (
    sha256   TEXT PRIMARY KEY,
    path     TEXT NOT NULL,        -- absolute
    size     INTEGER NOT NULL,     -- bytes
    mtime_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL            -- JSON
) STRICT, WITHOUT ROWID;
CREATE TABLE programme (
    slug       TEXT PRIMARY KEY REFERENCES talks,
    guid       TEXT NOT NULL,      -- the schedule's own; '': it has none
    event      TEXT NOT NULL,      -- the schedule's own id; '': it has none
    scheduling TEXT NOT NULL,      -- JSON: conference.Scheduling, as it stands
    imported   TEXT                -- JSON: what the schedule last said of the talk; NULL: it was made by hand
) STRICT, WITHOUT ROWID;
CREATE TABLE wishes (
    slug       TEXT PRIMARY KEY REFERENCES talks,
    generation INTEGER NOT NULL,   -- counts the changes
    made       INTEGER NOT NULL,   -- the generation that was made, or failed, last
    outcome    TEXT NOT NULL,      -- of that: '' is well
    who        TEXT NOT NULL,
    why        TEXT NOT NULL,
    at_ms      INTEGER NOT NULL    -- of the last change
) STRICT, WITHOUT ROWID;
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
CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,   -- SHA-256 of the cookie
    link       INTEGER NOT NULL REFERENCES links,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE verdicts (
    id      INTEGER PRIMARY KEY,
    slug    TEXT NOT NULL REFERENCES talks,
    who     TEXT NOT NULL,
    verdict TEXT NOT NULL,         -- approved, wrong
    words   TEXT NOT NULL,
    bundle  TEXT NOT NULL,         -- the key of the bundle that they saw
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE TABLE releases (
    slug        TEXT PRIMARY KEY REFERENCES talks,
    who         TEXT NOT NULL,
    wanted_ms   INTEGER NOT NULL,
    refused     TEXT NOT NULL,     -- why not yet; '': nothing speaks against it
    released_ms INTEGER,
    bundle      TEXT NOT NULL,     -- the key of the bundle that was released; ''
    dir         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE claims (
    slug       TEXT NOT NULL REFERENCES talks,
    language   TEXT NOT NULL,
    who        TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (slug, language)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX talks_by_out ON talks (out);
CREATE INDEX publications_by_talk ON publications (slug, id);
CREATE INDEX events_by_talk ON events (slug, id);
CREATE INDEX runs_by_talk ON runs (slug, id);
CREATE UNIQUE INDEX programme_by_guid ON programme (guid) WHERE guid <> '';
CREATE INDEX programme_by_event ON programme (event);
CREATE INDEX arrivals_by_content ON arrivals (sha256);
CREATE INDEX links_by_talk ON links (slug, language);
CREATE INDEX verdicts_by_talk ON verdicts (slug, id);
CREATE INDEX letters_unsent ON letters (due_ms) WHERE sent_ms IS NULL;
PRAGMA foreign_keys = off;
INSERT INTO talks VALUES ('loops', '{"slug":"loops","title":"About Loops","titles":{"es":"Sobre bucles"},"kind":"talk","speakers":["Ada"],"language":"en","conference":"","abstract":"","tags":null,"licence":"","date":"","url":"","chapters":[{"at":60000000000,"title":"First"}],"length":1800000000000}', '[{"recording":1,"from":1000000000,"to":2000000000}]', 'left', '/srv/bundles', 'talk', 'stages: []', 1796085969253, 1796085969258, '{"name":"Conf"}', '{"floor":{"stream":2},"high_pass":80,"picture":2,"beside":1,"share":60,"silence":true,"waveform":true}');
INSERT INTO recordings VALUES ('loops', 1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 7, 'talk.mp4');
INSERT INTO salts VALUES ('loops', '1080', 2);
INSERT INTO tracks VALUES ('loops', 'en', 'authored', 'approved', 'talk.srt', 1, '{"sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","size":9,"format":"srt","encoding":"utf-8","diagnostics":{"errors":0,"warnings":0,"notes":1,"codes":{"blank":1},"list":[{"line":3,"severity":"note","code":"blank","message":"an empty line"}]}}');
INSERT INTO revisions VALUES ('loops', 'en', 1, 'f770a341e360f4cb540e8007109c8f9063f76e4914af767d8f78a213abc0fff9', '[{"id":"c0001","start":1000000000,"end":2000000000,"text":"Hello.","spans":[{"from":0,"to":5,"italic":true}],"place":8}]', 1796085969253);
INSERT INTO editions VALUES ('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', '{"id":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","recordings":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],"programme":{"rate":"25/1","opening":0,"kept":null,"closing":0}}', 1796085969278);
INSERT INTO uploads VALUES ('loops', 'en', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 1796085969279);
INSERT INTO publications VALUES (1, 'loops', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', '/srv/bundles/loops', '["k1","k2"]', 1700000001000);
INSERT INTO events VALUES (1, 1796085969253, 'loops', 'ada', 'channels', NULL, '"left"');
INSERT INTO events VALUES (2, 1796085969253, 'loops', 'ada', 'conference', NULL, '{"name":"Conf"}');
INSERT INTO events VALUES (3, 1796085969253, 'loops', 'ada', 'cut', NULL, '[{"recording":1,"from":1000000000,"to":2000000000}]');
INSERT INTO events VALUES (4, 1796085969253, 'loops', 'ada', 'out', NULL, '"/srv/bundles"');
INSERT INTO events VALUES (5, 1796085969253, 'loops', 'ada', 'pipeline', NULL, '"talk"');
INSERT INTO events VALUES (6, 1796085969253, 'loops', 'ada', 'pipeline_text', NULL, '"stages: []"');
INSERT INTO events VALUES (7, 1796085969253, 'loops', 'ada', 'recordings', NULL, '[{"sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":7,"name":"talk.mp4"}]');
INSERT INTO events VALUES (8, 1796085969253, 'loops', 'ada', 'salt.1080', NULL, '2');
INSERT INTO events VALUES (9, 1796085969253, 'loops', 'ada', 'talk.chapters', NULL, '[{"at":60000000000,"title":"First"}]');
INSERT INTO events VALUES (10, 1796085969253, 'loops', 'ada', 'talk.kind', NULL, '"talk"');
INSERT INTO events VALUES (11, 1796085969253, 'loops', 'ada', 'talk.language', NULL, '"en"');
INSERT INTO events VALUES (12, 1796085969253, 'loops', 'ada', 'talk.length', NULL, '1800000000000');
INSERT INTO events VALUES (13, 1796085969253, 'loops', 'ada', 'talk.slug', NULL, '"loops"');
INSERT INTO events VALUES (14, 1796085969253, 'loops', 'ada', 'talk.speakers', NULL, '["Ada"]');
INSERT INTO events VALUES (15, 1796085969253, 'loops', 'ada', 'talk.title', NULL, '"On Loops"');
INSERT INTO events VALUES (16, 1796085969253, 'loops', 'ada', 'talk.titles', NULL, '{"es":"Sobre bucles"}');
INSERT INTO events VALUES (17, 1796085969253, 'loops', 'ada', 'track.en', NULL, '{"kind":"authored","state":"approved","revision":1,"file":"talk.srt","source":{"sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","size":9,"format":"srt","encoding":"utf-8","diagnostics":{"errors":0,"warnings":0,"notes":1,"codes":{"blank":1},"list":null}}}');
INSERT INTO events VALUES (18, 1796085969253, 'loops', 'ada', 'treatment', NULL, '{"floor":{"stream":2},"high_pass":80,"picture":2,"beside":1,"share":60,"silence":true,"waveform":true}');
INSERT INTO events VALUES (19, 1796085969258, 'loops', 'olga', 'talk.title', '"On Loops"', '"About Loops"');
INSERT INTO events VALUES (20, 1796085969277, 'loops', 'olga', 'scheduling.embargo', NULL, '"2023-11-15T00:59:59Z"');
INSERT INTO events VALUES (21, 1796085969277, 'loops', 'olga', 'scheduling.event', NULL, '"e"');
INSERT INTO events VALUES (22, 1796085969277, 'loops', 'olga', 'scheduling.guid', NULL, '"g"');
INSERT INTO events VALUES (23, 1796085969277, 'loops', 'olga', 'scheduling.priority', NULL, '2');
INSERT INTO events VALUES (24, 1796085969277, 'loops', 'olga', 'scheduling.room', NULL, '"1"');
INSERT INTO events VALUES (25, 1796085969277, 'loops', 'olga', 'scheduling.start', NULL, '"2023-11-14T22:13:20Z"');
INSERT INTO events VALUES (26, 1796085969278, 'loops', 'lectern', 'edition', NULL, '{"id":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","recordings":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],"programme":{"rate":"25/1","opening":0,"kept":null,"closing":0}}');
INSERT INTO events VALUES (27, 1796085969279, 'loops', 'lectern', 'upload.en', NULL, '{"edition":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}');
INSERT INTO events VALUES (28, 1796085969280, 'loops', 'lectern', 'published', NULL, '{"dir":"/srv/bundles/loops","edition":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}');
INSERT INTO events VALUES (29, 1796085969282, '', 'vera', 'arrival', NULL, '{"id":"up1","name":"talk.mp4","size":7}');
INSERT INTO events VALUES (30, 1796085969283, '', 'olga', 'arrival', '{"id":"up1","state":"new"}', '{"id":"up1","state":"taken"}');
INSERT INTO events VALUES (31, 1796085969288, 'loops', 'tina', 'translation.es', NULL, '{"number":1,"source":1,"state":"draft","why":"handed in"}');
INSERT INTO events VALUES (32, 1796085969290, 'loops', 'tina', 'translation.es', '{"number":1,"source":1,"state":"draft","why":"handed in"}', '{"number":2,"source":1,"state":"approved","why":"approved"}');
INSERT INTO events VALUES (33, 1796085969296, 'loops', 'tina', 'claim.es', NULL, '"tina"');
INSERT INTO events VALUES (34, 1796085969300, 'loops', 'olga', 'link', NULL, '{"language":"","link":1,"name":"Ada","role":"speaker"}');
INSERT INTO events VALUES (35, 1796085969307, 'loops', 'ada', 'verdict', NULL, '"wrong No sound."');
INSERT INTO events VALUES (36, 1796085969312, 'loops', 'olga', 'release', NULL, '"wanted it is under embargo"');
INSERT INTO events VALUES (37, 1796085969316, 'loops', 'olga', 'release', NULL, '"wanted "');
INSERT INTO events VALUES (38, 1796085969319, 'loops', 'lectern', 'release', NULL, '"done"');
INSERT INTO events VALUES (39, 1796085969321, '', 'olga', 'setting.glossary', NULL, NULL);
INSERT INTO hashes VALUES (1, 2, 7, 3, 4, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO runs VALUES (1, 'loops', 'lectern run', 1796085969280, 1796085969281, 'failed');
INSERT INTO preimages VALUES ('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', x'7b7d');
INSERT INTO preimages VALUES ('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b', x'31');
INSERT INTO slots VALUES (1, 'encode/1080/r1/0', 'encode', '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 'ran', 1, 3000, NULL);
INSERT INTO slots VALUES (1, 'probe/r1', 'probe', '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b', 'failed', 2, 0, '{"slot":"probe/r1","message":"broken","machine":true,"unlike":"1080"}');
INSERT INTO translations VALUES ('loops', 'es', 1, 1, 'draft', '[{"id":"c0001"}]', 'tina', 'handed in', 1796085969288);
INSERT INTO translations VALUES ('loops', 'es', 2, 1, 'approved', '[{"id":"c0001"}]', 'tina', 'approved', 1796085969290);
INSERT INTO originals VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '/srv/talk.mp4', 7, 1700000000000000005);
INSERT INTO settings VALUES ('glossary', '{"loop":"bucle"}');
INSERT INTO programme VALUES ('loops', 'g', 'e', '{"guid":"g","event":"e","room":"1","start":"2023-11-14T22:13:20Z","priority":2,"embargo":"2023-11-15T00:59:59Z"}', '{"title":"On Loops"}');
INSERT INTO wishes VALUES ('loops', 4, 1, 'no room', 'tina', 'a translation', 1796085969290);
INSERT INTO arrivals VALUES ('up1', 'talk.mp4', '/srv/talk.mp4', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 7, 'vera', '1', 1700000000000, 60000, '{"x":"y"}', 'taken', 1796085969282);
INSERT INTO links VALUES (1, x'68617368', 'link', 'speaker', 'loops', '', 'Ada', 'ada@example.org', 'olga', 1796085969300, 4102444800000, NULL, 1796085969306);
INSERT INTO sessions VALUES (x'73657373696f6e', 1, 1796085969306, 4102444800000);
INSERT INTO verdicts VALUES (1, 'loops', 'ada', 'wrong', 'No sound.', 'k1', 1796085969307);
INSERT INTO releases VALUES ('loops', 'olga', 1796085969316, '', 1796085969319, 'k1', '/srv/released/loops');
INSERT INTO claims VALUES ('loops', 'es', 'tina', 1796085969296, 4102444800000);
INSERT INTO letters VALUES (1, 'verdict', 'olga@example.org', 'Ada', 'No sound.', 1700000002000, 1700000002000, NULL, 0, '');
PRAGMA user_version = 6;
