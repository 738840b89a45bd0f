-- What each present track was handed in as, and what reading it remarked.
ALTER TABLE tracks ADD COLUMN source TEXT; -- JSON: conference.Source; NULL: nobody wrote it down
