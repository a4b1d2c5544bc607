-- +goose Up
-- Which moment of a schedule was the last. See 00001 for the habits.

-- The latest local date and time that is over, because it was opened or missed: none up to it opens again, whatever a later version's rule is. Empty: there is none.
ALTER TABLE campaign_schedules ADD COLUMN opened TEXT NOT NULL DEFAULT '';
