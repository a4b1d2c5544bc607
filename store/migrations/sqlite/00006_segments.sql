-- +goose Up
-- What conditions look back at. See 00001 for the habits.

-- Conditions with a name. source is the document as typed; members are never kept: whoever asks, asks the condition.
CREATE TABLE segments (
    key        TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    source     TEXT NOT NULL,
    format     TEXT NOT NULL CHECK (format IN ('yaml', 'json')),
    rev        BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL
);

-- An answer as it is compared, folded by definition.Fold; numbers have their own column. Answers of before have the choice alone, with ASCII folded.
ALTER TABLE responses ADD COLUMN answer_key TEXT;
UPDATE responses SET answer_key = lower(choice) WHERE choice IS NOT NULL;

-- Events that the platform reported, by member and name. The log's other rows stand in no index more.
CREATE INDEX events_received ON events (member_id, json_extract(data, '$.event'), at) WHERE name = 'event.received';
