-- +goose Up
-- What limits, slows and stops sending. See 00001 for the habits.

-- Where a mail domain starts again that slowed us down, in mails a second; 0: no domain, or as before.
ALTER TABLE cooldowns ADD COLUMN rate DOUBLE PRECISION NOT NULL DEFAULT 0;

-- The moment directly after the channel: a million rows that wait for tomorrow cost a look at what is due now nothing.
DROP INDEX deliveries_due_bulk;
CREATE INDEX deliveries_due_bulk ON deliveries (campaign_id, channel, due_at) WHERE due_at IS NOT NULL AND lane = 'bulk';

-- What became of attempts, by the minute: each process adds to rows of its own, so that nobody waits for anybody.
CREATE TABLE attempts (
    campaign_id BIGINT NOT NULL, -- 0: replies
    channel     TEXT NOT NULL,
    minute      BIGINT NOT NULL, -- its beginning, in microseconds
    owner       TEXT NOT NULL,
    ended       BIGINT NOT NULL, -- sent, failed or unknown
    failed      BIGINT NOT NULL, -- of them, failed in a way that counts
    complaints  BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, channel, minute, owner)
);
CREATE INDEX attempts_by_minute ON attempts (minute);

-- What is stopped sends nothing until a person releases it. The last time of each scope; all of them are in the log.
CREATE TABLE switches (
    scope       TEXT PRIMARY KEY, -- 'all', a channel, or 'campaign:ID'
    reason      TEXT NOT NULL CHECK (reason IN ('errors', 'complaints', 'person')),
    figures     TEXT NOT NULL,    -- JSON
    tripped_at  BIGINT NOT NULL,
    tripped_by  TEXT NOT NULL,
    released_at BIGINT,
    released_by TEXT NOT NULL
);
