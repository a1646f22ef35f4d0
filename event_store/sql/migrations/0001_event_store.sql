-- The event store: one append-only log, its head, what was handled, how far the relays are.
--
-- The problem: a sequence hands out numbers before commit, so a reader at position 189 may pass
-- over 187, which commits later, and miss it for ever. Here the first statement of every append
-- moves the one row of log_head and thereby locks it until commit: appends commit in the order
-- of their positions, and there is nothing to miss. Rejected: a table lock (also stops readers of
-- maintenance jobs), reading only below pg_snapshot_xmin (one long transaction anywhere stalls
-- every reader). The price is one append transaction at a time; each may hold many events, and
-- nobody thinks while the row is locked, because an append is one call of append_events.

CREATE TABLE log_head (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),  -- there is exactly one row
    epoch       text NOT NULL,         -- the id of this history
    position    bigint NOT NULL,       -- of the newest event; 0 = none
    recorded_at timestamptz NOT NULL   -- of the newest event
) WITH (fillfactor = 10);              -- moved by every append: leave room for HOT updates

INSERT INTO log_head (epoch, position, recorded_at)
VALUES (gen_random_uuid()::text, 0, '-infinity');

CREATE TABLE events (
    position       bigint PRIMARY KEY,
    stream         text NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    event_id       uuid NOT NULL UNIQUE,
    event_type     text NOT NULL,
    occurred_at    timestamptz NOT NULL,
    aggregate_id   text NOT NULL,
    actor          text NOT NULL,
    farm_id        text,
    causation_id   text,
    payload        jsonb NOT NULL,
    recorded_at    timestamptz NOT NULL,
    UNIQUE (stream, version)
);

-- people look animals up by ear tag; the register is the only one that knows such a field
CREATE INDEX events_external_id ON events (farm_id, (payload ->> 'external_id'))
    WHERE payload ->> 'external_id' IS NOT NULL;

CREATE TABLE inbox (
    consumer   text NOT NULL,
    message_id text NOT NULL,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, message_id)
);

CREATE TABLE relay_position (
    name     text PRIMARY KEY,
    position bigint NOT NULL
);

-- Append-only, also for the owner: grants do not bind him, a trigger does. ALWAYS: under
-- session_replication_role = replica too. Only a superuser can take it away, on purpose.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: what happened is never changed, append a correction',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'HL002';
END $$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;

CREATE TRIGGER log_head_stays BEFORE DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_stays;

-- appends: [{stream, expected_version, inbox: [consumer, message_id] | null, events: [{…}]}].
-- Stores all of it or raises: HL001 with a JSON detail on a version conflict, unique_violation on
-- an event_id that is stored already. skipped: indexes (from 0) of the appends whose message was
-- in the inbox already; they are not stored and not checked.
CREATE FUNCTION append_events(appends jsonb)
RETURNS TABLE (epoch text, last_position bigint, recorded_at timestamptz, skipped integer[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    asked    bigint := (SELECT coalesce(sum(jsonb_array_length(a -> 'events')), 0)
                        FROM jsonb_array_elements(appends) AS a);
    head     log_head;
    first    bigint;  -- the position before the first of these events
    given_up bigint;
    conflict record;
BEGIN
    UPDATE log_head AS h
    SET position = h.position + asked,
        recorded_at = greatest(h.recorded_at, clock_timestamp())
    RETURNING h.* INTO STRICT head;
    first := head.position - asked;

    -- Never a join of two sides whose sizes the planner can only guess: it takes a nested loop,
    -- and 10,000 messages are 100 million comparisons. NOT IN is hashed.
    WITH messages AS (
        SELECT a.index, a.doc -> 'inbox' ->> 0 AS consumer, a.doc -> 'inbox' ->> 1 AS message_id,
            row_number() OVER (PARTITION BY a.doc -> 'inbox' ORDER BY a.index) AS nth
        FROM jsonb_array_elements(appends) WITH ORDINALITY AS a (doc, index)
        WHERE jsonb_typeof(a.doc -> 'inbox') = 'array'
    ), entered AS (  -- one message twice in one call: the first append has it
        INSERT INTO inbox AS i (consumer, message_id, entered_at)
        SELECT m.consumer, m.message_id, head.recorded_at FROM messages AS m WHERE m.nth = 1
        ON CONFLICT DO NOTHING
        RETURNING i.consumer, i.message_id
    )
    SELECT coalesce(array_agg(m.index - 1 ORDER BY m.index), '{}') INTO skipped
    FROM messages AS m
    WHERE m.nth > 1
        OR (m.consumer, m.message_id) NOT IN (SELECT n.consumer, n.message_id FROM entered AS n);

    IF cardinality(skipped) > 0 THEN
        SELECT sum(jsonb_array_length(appends -> i -> 'events')) INTO given_up
        FROM unnest(skipped) AS i;
        UPDATE log_head AS h SET position = h.position - given_up
        RETURNING h.* INTO STRICT head;
    END IF;

    SELECT s.stream, s.expected, s.before + coalesce(v.version, 0) AS found INTO conflict
    FROM (
        SELECT a.index, a.doc ->> 'stream' AS stream,
            (a.doc ->> 'expected_version')::integer AS expected,
            coalesce(sum(jsonb_array_length(a.doc -> 'events')) OVER (
                PARTITION BY a.doc ->> 'stream' ORDER BY a.index
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM jsonb_array_elements(appends) WITH ORDINALITY AS a (doc, index)
        WHERE a.index - 1 <> ALL (skipped)
    ) AS s
    LEFT JOIN LATERAL (
        SELECT e.version FROM events AS e WHERE e.stream = s.stream
        ORDER BY e.version DESC LIMIT 1
    ) AS v ON true
    WHERE s.expected <> s.before + coalesce(v.version, 0)
    ORDER BY s.index LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'stream % is at version %, expected %',
            conflict.stream, conflict.found, conflict.expected
            USING ERRCODE = 'HL001', DETAIL = to_jsonb(conflict)::text;
    END IF;

    INSERT INTO events
    SELECT first + row_number() OVER (ORDER BY a.index, e.number),
        a.doc ->> 'stream', (a.doc ->> 'expected_version')::integer + e.number,
        e.event_id, e.event_type, e.occurred_at, e.aggregate_id, e.actor, e.farm_id,
        e.causation_id, e.payload, head.recorded_at
    FROM jsonb_array_elements(appends) WITH ORDINALITY AS a (doc, index)
    CROSS JOIN LATERAL ROWS FROM (jsonb_to_recordset(a.doc -> 'events') AS (
        event_id uuid, event_type text, occurred_at timestamptz, aggregate_id text, actor text,
        farm_id text, causation_id text, payload jsonb
    )) WITH ORDINALITY AS e (event_id, event_type, occurred_at, aggregate_id, actor, farm_id,
        causation_id, payload, number)
    WHERE a.index - 1 <> ALL (skipped);

    RETURN QUERY SELECT head.epoch, head.position, head.recorded_at, skipped;
END $$;

-- The streams asked for and no others: whoever appends cannot look around.
CREATE FUNCTION load_streams(names text[]) RETURNS SETOF events
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT * FROM events WHERE stream = ANY (names) ORDER BY stream, version;
END;

CREATE FUNCTION streams_by_external_id(farm text, external_ids text[])
RETURNS TABLE (external_id text, stream text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT payload ->> 'external_id', stream FROM events
    WHERE farm_id = farm AND payload ->> 'external_id' = ANY (external_ids)
    GROUP BY 1, 2 ORDER BY min(position);
END;

-- A relay whose position is lost in a crash repeats a little, and its readers expect repeats: it
-- need not wait for the disk.
CREATE FUNCTION save_relay_position(relay text, reached bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO relay_position AS p (name, position) VALUES (relay, reached)
    ON CONFLICT (name) DO UPDATE SET position = greatest(p.position, excluded.position);
END $$;

-- To be called once after every restore of this database from a backup: positions are then given
-- out a second time, and whoever remembers one must be able to tell.
CREATE FUNCTION renew_epoch() RETURNS text LANGUAGE sql SET search_path = public, pg_temp
BEGIN ATOMIC
    UPDATE log_head SET epoch = gen_random_uuid()::text RETURNING epoch;
END;

-- Roles: the owner migrates; herd_append calls functions and sees no table of events; herd_feed
-- reads all farms (relays, projectors); herd_api reads the farms granted in its transaction with
-- set_config('herd.farms', 'a,b', true): unset, and after the transaction, that is no farm.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['herd_append', 'herd_feed', 'herd_api'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database has it
        END;
        EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE', wanted);
    END LOOP;
END $$;

REVOKE ALL ON events, log_head, inbox, relay_position FROM PUBLIC;
REVOKE ALL ON FUNCTION append_events, load_streams, streams_by_external_id, save_relay_position,
    renew_epoch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_events, load_streams, streams_by_external_id TO herd_append;
GRANT SELECT ON log_head, relay_position TO herd_append;
GRANT EXECUTE ON FUNCTION load_streams, save_relay_position TO herd_feed;
GRANT SELECT ON events, log_head, relay_position TO herd_feed;
GRANT SELECT ON events, log_head TO herd_api;

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY events_of_the_owner ON events TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY events_for_feeds ON events FOR SELECT TO herd_feed USING (true);
CREATE POLICY events_of_granted_farms ON events FOR SELECT TO herd_api USING (
    farm_id = ANY ((SELECT string_to_array(current_setting('herd.farms', true), ','))::text[])
);
