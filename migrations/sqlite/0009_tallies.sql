CREATE TABLE tallies (
    name   TEXT    PRIMARY KEY,
    number INTEGER,
    due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
