-- Roles of PostgreSQL for Sekisho, each with no more than it needs:
--
--   sekisho_migrate  owns the tables: `sekisho migrate`, and nothing else
--   sekisho_serve    reads and writes rows: `sekisho serve`, `keys`, `service`, `user`
--   sekisho_audit    reads the audit log: `sekisho audit`
--
-- Run it as a superuser in Sekisho's database, which is for nothing else; again after each
-- `sekisho migrate` that made tables, for what is special to a table, and as often as you
-- like. It asks for no password: set one by \password, or let certificates or the network
-- say who is who (pg_hba.conf).
--
--   psql -v ON_ERROR_STOP=1 -f deploy/postgres/roles.sql DATABASE
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;

DO $$
DECLARE
    role TEXT;
BEGIN
    FOREACH role IN ARRAY ARRAY['sekisho_migrate', 'sekisho_serve', 'sekisho_audit'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END
$$;

-- Nobody else, and no temporary tables.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC, sekisho_serve, sekisho_audit;
REVOKE ALL ON SCHEMA public FROM PUBLIC, sekisho_serve, sekisho_audit;
GRANT CONNECT ON DATABASE :"DBNAME" TO sekisho_migrate, sekisho_serve, sekisho_audit;
GRANT USAGE, CREATE ON SCHEMA public TO sekisho_migrate;
GRANT USAGE ON SCHEMA public TO sekisho_serve, sekisho_audit;

-- Tables that were made before there were roles.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner <> 'sekisho_migrate' LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO sekisho_migrate', name);
    END LOOP;
END
$$;

-- What `sekisho migrate` makes from here on, and what is there.
ALTER DEFAULT PRIVILEGES FOR ROLE sekisho_migrate IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO sekisho_serve;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, sekisho_serve, sekisho_audit;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO sekisho_serve;

-- What is written once is not rewritten. Rows go when they are past their time; with
-- SEKISHO_AUDIT_RETENTION=0 no row of the audit log does, and DELETE may be revoked as well:
--
--   REVOKE DELETE ON audit_events, audit_links, audit_seals FROM sekisho_serve;
DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_events', 'audit_links', 'audit_seals', 'password_history', 'revocation_journal']
    LOOP
        IF to_regclass(name) IS NOT NULL THEN
            EXECUTE format('REVOKE UPDATE ON %I FROM sekisho_serve', name);
        END IF;
    END LOOP;
    FOREACH name IN ARRAY ARRAY['audit_chain', 'audit_events', 'audit_links', 'audit_seals', '_sqlx_migrations'] LOOP
        IF to_regclass(name) IS NOT NULL THEN
            EXECUTE format('GRANT SELECT ON %I TO sekisho_audit', name);
        END IF;
    END LOOP;
    IF to_regclass('_sqlx_migrations') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM sekisho_serve;
    END IF;
END
$$;

COMMIT;
