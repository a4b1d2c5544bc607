-- +goose Up
-- By which version a passage began that was moved since: that one divided the members into those who get the campaign and those who are held out. See 00001 for the habits.

ALTER TABLE enrollments ADD COLUMN began_in BIGINT NOT NULL DEFAULT 0; -- 0: the version by which it goes, or it has not begun
-- Of passages that were moved before, the log tells it: the comparison of counters with rows looks there, and fills in.
CREATE INDEX events_moved ON events (campaign_id, enrollment_id, id) WHERE name = 'enrollment.moved';
