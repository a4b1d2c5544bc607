-- +goose Up
-- What notify steps tell those who run the community: a row for each address, written with the decision. No word of a message is kept. See 00001 for the habits.
CREATE TABLE notices (
    id            BIGINT PRIMARY KEY,
    campaign_id   BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    enrollment_id BIGINT NOT NULL,
    member_id     BIGINT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    channel       TEXT NOT NULL,   -- empty: the step named none, and none was set up
    address       TEXT NOT NULL,   -- of somebody of the staff; empty: none was set up
    state         TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    reason        TEXT NOT NULL,
    tries         BIGINT NOT NULL,
    claim         TEXT NOT NULL,   -- who is telling it, until due_at; empty: nobody
    due_at        BIGINT,          -- NULL: it is over
    together      BIGINT NOT NULL, -- how many members the message was about
    created_at    BIGINT NOT NULL,
    told_at       BIGINT
);
CREATE UNIQUE INDEX notices_once ON notices (enrollment_id, step, visit, channel, address);
CREATE INDEX notices_of_member ON notices (member_id, id);
CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notices_waiting ON notices (channel, address, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notices_alike ON notices (campaign_id, step, channel, address, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notices_told ON notices (campaign_id, step, channel, address, told_at) WHERE told_at IS NOT NULL;
CREATE INDEX notices_failed ON notices (created_at) WHERE state = 'failed';
