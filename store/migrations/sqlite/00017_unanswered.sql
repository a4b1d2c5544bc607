-- +goose Up
-- Calls that failed, without those that nobody asks about. See 00001 for the habits.

-- The same words stand in the query (store/callsfailed.go): else neither planner takes it.
CREATE INDEX calls_unanswered ON calls (created_at) WHERE state = 'failed' AND reason NOT IN ('member_erased', 'call_left');
DROP INDEX calls_failed;
