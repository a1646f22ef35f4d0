-- What became of each dead letter, as a read model: replayed from herd.dead-letters.v1. Generations
-- and offsets as in the schema `history`, whose role fills this one too. Nobody else reads it:
-- a letter may be of any farm, or of none.

CREATE SCHEMA letters;

CREATE TABLE letters.generations (
    id             text PRIMARY KEY,
    fold_version   integer NOT NULL,
    state          text NOT NULL CHECK (state IN ('building', 'current', 'old')),
    epoch          text NOT NULL,         -- no event store feeds the topic: always empty
    epoch_since    timestamptz,
    as_of          timestamptz,
    building_until timestamptz
);
CREATE UNIQUE INDEX one_answers ON letters.generations (state) WHERE state = 'current';
CREATE UNIQUE INDEX one_is_built ON letters.generations (state) WHERE state = 'building';

CREATE TABLE letters.offsets (
    generation  text NOT NULL,
    place       text NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (generation, place)
);

CREATE TABLE letters.letters (
    generation  text NOT NULL,
    letter_id   text NOT NULL,
    state       text NOT NULL,
    reason      text NOT NULL,
    service     text NOT NULL,
    farm_id     text,
    collar_id   text,
    received_at timestamptz NOT NULL,
    appended_at timestamptz NOT NULL,     -- Kafka keeps the bytes so many days from then on
    partition   integer NOT NULL,         -- where they lie
    "offset"    bigint NOT NULL,
    folded      jsonb NOT NULL,           -- the whole row; the columns are what people filter by
    PRIMARY KEY (generation, letter_id)
);
CREATE INDEX letters_in_order ON letters.letters
    (generation, state, appended_at, partition, "offset");

GRANT USAGE ON SCHEMA letters TO herd_history;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA letters TO herd_history;
