CREATE INDEX revocation_journal_session ON revocation_journal (session_id);
