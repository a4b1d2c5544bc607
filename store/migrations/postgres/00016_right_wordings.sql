-- +goose Up
-- Texts that are right as they are. See 00001 for the habits.

-- A text in one language that somebody called right as it is, beside what it stood beside in the other languages.
CREATE TABLE right_wordings (
    campaign_id BIGINT NOT NULL,
    sha256      TEXT NOT NULL, -- of the language and all the texts: another word in any of them, and this says nothing
    said_at     BIGINT NOT NULL,
    said_by     TEXT NOT NULL,
    PRIMARY KEY (campaign_id, sha256)
);
