-- +goose Up
-- What pages count is counted when it is written: a transaction appends what it changes, and each second the scheduler folds that into counters.
-- A report is counters and what is not folded yet, so it is exact at every moment.

CREATE TABLE counters (
    kind        TEXT NOT NULL,   -- what is counted, see store/counters.go
    campaign_id BIGINT NOT NULL, -- 0: not of a campaign
    at          BIGINT NOT NULL, -- quarter of an hour since 1970; 0: not by time
    key         TEXT NOT NULL,   -- JSON array of what the rows have in common
    amount      BIGINT NOT NULL,
    PRIMARY KEY (kind, campaign_id, at, key)
) WITH (fillfactor = 50);

CREATE INDEX counters_of_nothing ON counters (kind) WHERE amount = 0;

CREATE TABLE counter_deltas (
    kind        TEXT NOT NULL,
    campaign_id BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    key         TEXT NOT NULL,
    amount      BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- When each campaign's counters were last compared with its rows; 0 is what is no campaign's. NULL: not counted yet, its rows are.
CREATE TABLE recounts (
    campaign_id BIGINT PRIMARY KEY,
    at          BIGINT
);
INSERT INTO recounts (campaign_id, at) SELECT id, CAST(NULL AS BIGINT) FROM campaigns UNION ALL SELECT 0, NULL;

-- The reason that the row had before the one it has: why a message that was sent in the end had waited.
ALTER TABLE deliveries ADD COLUMN reason_before TEXT NOT NULL DEFAULT '';

CREATE INDEX members_stopped ON members (stopped_at) WHERE stopped_at IS NOT NULL AND state = 'active';

-- What a member's points come to in a campaign, in the order of places: among equals, who got there first stands first.
CREATE TABLE scores (
    campaign_id BIGINT NOT NULL,
    member_id   BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, member_id)
);
CREATE INDEX scores_by_place ON scores (campaign_id, total DESC, last_at, member_id);
INSERT INTO scores (campaign_id, member_id, total, last_at)
    SELECT campaign_id, member_id, SUM(points), MAX(at) FROM points GROUP BY campaign_id, member_id;

-- Counts of audiences walk indexes alone: what a condition on a text asks of an attribute, and the language of everybody who is not erased.
DROP INDEX member_attributes_by_text;
CREATE INDEX member_attributes_by_text ON member_attributes (name, text_key, kind, member_id);
CREATE INDEX members_active ON members (id, language) WHERE state = 'active';
