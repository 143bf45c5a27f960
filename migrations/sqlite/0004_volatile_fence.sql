CREATE TABLE volatile_fence (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark TEXT    NOT NULL
);

INSERT INTO volatile_fence (id, mark) VALUES (1, '');
