-- +goose Up
-- What a campaign brings: of the passages, those that reached their goal and those of the holdout group have a row. See 00001 for the habits.
CREATE TABLE measured (
    enrollment_id BIGINT PRIMARY KEY,
    campaign_id   BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    held_out      BOOLEAN NOT NULL, -- the member got nothing
    reached_at    BIGINT            -- NULL: not yet, or never
);
CREATE INDEX measured_by_campaign ON measured (campaign_id, version, held_out, reached_at);
