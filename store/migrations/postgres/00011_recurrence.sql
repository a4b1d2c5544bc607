-- +goose Up
-- Schedules that recur. See 00001 for the habits.

-- The local date and time that is opened at due_at, "2027-03-01 10:00"; empty: the schedule is for one moment.
ALTER TABLE campaign_schedules ADD COLUMN opens TEXT NOT NULL DEFAULT '';

-- The latest such moment that was held back for too long and not opened; empty: there is none.
ALTER TABLE campaign_schedules ADD COLUMN missed TEXT NOT NULL DEFAULT '';
