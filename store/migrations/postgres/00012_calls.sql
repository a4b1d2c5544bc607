-- +goose Up
-- What call steps ask of other systems: a row for each visit, written with the decision. See 00001 for the habits.
CREATE TABLE calls (
    id            BIGINT PRIMARY KEY,
    campaign_id   BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    enrollment_id BIGINT NOT NULL,
    member_id     BIGINT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    endpoint      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'answered', 'failed')),
    reason        TEXT NOT NULL,
    code          BIGINT NOT NULL, -- HTTP status of the last answer; 0: there was none
    tries         BIGINT NOT NULL,
    claim         TEXT NOT NULL,   -- who is calling, until due_at; empty: nobody
    due_at        BIGINT,          -- NULL: it is over
    until_at      BIGINT NOT NULL, -- how long it is tried
    body          TEXT NOT NULL,   -- what is sent, the same at every try; empty: not put together yet, or over
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT
);
CREATE UNIQUE INDEX calls_once ON calls (enrollment_id, step, visit);
CREATE INDEX calls_of_member ON calls (member_id, id);
CREATE INDEX calls_due ON calls (endpoint, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX calls_failed ON calls (created_at) WHERE state = 'failed';
