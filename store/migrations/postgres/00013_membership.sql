-- +goose Up
-- Members of segments that campaigns listen to. See 00001 for the habits.

-- One time that somebody listens to a segment: its members are listed as long. Rounds through all members hold the list to the condition.
CREATE TABLE segment_watches (
    id          BIGINT PRIMARY KEY,
    segment     TEXT NOT NULL,
    began_at    BIGINT NOT NULL,
    filled_at   BIGINT,          -- when all were listed who were in it from the start; NULL: not yet
    round_at    BIGINT NOT NULL, -- when the round began that is under way, or comes next
    last_member BIGINT NOT NULL, -- how far it has come
    as_of       BIGINT,          -- when the last whole round began; NULL: there was none
    due_at      BIGINT NOT NULL, -- when to go on
    ended_at    BIGINT           -- nobody listens any more: the list goes, part by part, then this row
);
CREATE UNIQUE INDEX segment_watches_open ON segment_watches (segment) WHERE ended_at IS NULL;

CREATE TABLE segment_members (
    watch_id  BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (watch_id, member_id)
);

-- Members who changed while somebody listened to any segment, as often as they did: whoever takes a row sees what the transaction did that wrote it.
CREATE TABLE segment_marks (
    member_id BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
