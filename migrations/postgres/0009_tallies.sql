CREATE TABLE tallies (
    name   TEXT        PRIMARY KEY,
    number BIGINT,
    due_at TIMESTAMPTZ NOT NULL
);
