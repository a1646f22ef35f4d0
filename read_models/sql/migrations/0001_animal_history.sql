-- The history of each animal, as a read model: replayed from the feeds, thrown away at will.
--
-- Everything lies under a generation: one replay of the log, with the Kafka offset that each
-- partition has been folded up to. One generation answers (`current`), at most one more is being
-- filled beside it. Rows and offset move in one transaction, so this schema alone says where to go
-- on; nothing in it is true that is not also in the event store.

CREATE SCHEMA history;

CREATE TABLE history.generations (
    id             text PRIMARY KEY,
    fold_version   integer NOT NULL,
    state          text NOT NULL CHECK (state IN ('building', 'current', 'old')),
    epoch          text NOT NULL,
    epoch_since    timestamptz,
    as_of          timestamptz,           -- everything up to then is in it
    building_until timestamptz            -- a builder that is silent for longer is dead
);
CREATE UNIQUE INDEX one_answers ON history.generations (state) WHERE state = 'current';
CREATE UNIQUE INDEX one_is_built ON history.generations (state) WHERE state = 'building';

CREATE TABLE history.offsets (
    generation  text NOT NULL,
    place       text NOT NULL,            -- topic/partition
    next_offset bigint NOT NULL,
    PRIMARY KEY (generation, place)
);

-- how far each farm has come, as its screens name it
CREATE TABLE history.farms (
    generation text NOT NULL,
    farm_id    text NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (generation, farm_id)
);

CREATE TABLE history.events (
    generation  text NOT NULL,
    farm_id     text NOT NULL,
    animal_id   text NOT NULL,
    position    bigint NOT NULL,
    event_id    text NOT NULL,
    event_type  text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text NOT NULL,
    payload     jsonb NOT NULL,
    PRIMARY KEY (generation, farm_id, animal_id, position, event_id)
);

CREATE TABLE history.animals (
    generation  text NOT NULL,
    farm_id     text NOT NULL,
    animal_id   text NOT NULL,
    position    bigint NOT NULL,          -- of the newest event folded into the row
    external_id text NOT NULL,
    name        text,
    "group"     text,
    parity      integer,
    calved_at   timestamptz,
    PRIMARY KEY (generation, farm_id, animal_id)
);

-- a collar's whole list of assignments on this farm, oldest first
CREATE TABLE history.collars (
    generation  text NOT NULL,
    farm_id     text NOT NULL,
    collar_id   text NOT NULL,
    position    bigint NOT NULL,
    assignments jsonb NOT NULL,
    PRIMARY KEY (generation, farm_id, collar_id)
);

CREATE TABLE history.cases (
    generation text NOT NULL,
    farm_id    text NOT NULL,
    alert_id   text NOT NULL,
    position   bigint NOT NULL,
    condition  text NOT NULL,
    outcome    text,                      -- with closed_at: people have judged it
    closed_at  timestamptz,
    folded     jsonb NOT NULL,            -- the case as the worklist folds it
    PRIMARY KEY (generation, farm_id, alert_id)
);
CREATE INDEX cases_closed ON history.cases (generation, farm_id, closed_at DESC)
    WHERE closed_at IS NOT NULL;

-- Roles: herd_history fills; herd_api reads the farms granted in its transaction with
-- set_config('herd.farms', 'a,b', true): unset, and after the transaction, that is no farm.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['herd_history', 'herd_api'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database has it
        END;
        EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE', wanted);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA history TO herd_history, herd_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA history TO herd_history;
GRANT SELECT ON history.generations, history.farms, history.events, history.animals,
    history.collars, history.cases TO herd_api;

DO $$
DECLARE part text;
BEGIN
    FOREACH part IN ARRAY ARRAY['farms', 'events', 'animals', 'collars', 'cases'] LOOP
        EXECUTE format('ALTER TABLE history.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE history.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('CREATE POLICY for_the_projector ON history.%I TO herd_history, CURRENT_USER
            USING (true) WITH CHECK (true)', part);
        EXECUTE format('CREATE POLICY of_granted_farms ON history.%I FOR SELECT TO herd_api USING (
            farm_id = ANY ((SELECT string_to_array(current_setting(''herd.farms'', true), '',''))::text[]))',
            part);
    END LOOP;
END $$;

-- Which farms there are, without anything of theirs: who may see which is decided by who asks.
CREATE FUNCTION history.known_farms(asked text) RETURNS TABLE (farm_id text, animals bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = history, pg_temp
BEGIN ATOMIC
    SELECT f.farm_id, count(a.animal_id) FROM history.farms AS f
    LEFT JOIN history.animals AS a ON a.generation = f.generation AND a.farm_id = f.farm_id
    WHERE f.generation = asked GROUP BY f.farm_id ORDER BY f.farm_id;
END;
REVOKE ALL ON FUNCTION history.known_farms FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history.known_farms TO herd_api;
