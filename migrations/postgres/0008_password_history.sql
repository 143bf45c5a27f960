-- Passwords that were replaced. They go with their account.
CREATE TABLE password_history (
    id          BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     UUID        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scheme      TEXT        NOT NULL,
    hash        TEXT        NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX password_history_user ON password_history (user_id, id);
