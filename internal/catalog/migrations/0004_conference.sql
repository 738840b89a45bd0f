-- What all talks of a talk's conference share, and what is asked for the talk's recordings
-- beside the cut.
ALTER TABLE talks ADD COLUMN conference TEXT NOT NULL DEFAULT '{}'; -- JSON: conference.Conference
ALTER TABLE talks ADD COLUMN treatment TEXT NOT NULL DEFAULT '{}';  -- JSON: conference.Treatment
