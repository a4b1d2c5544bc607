-- +goose Up
-- Who is due, in the order of moments and ids. See 00001 for the habits.

-- Very many are due at one moment. Without the id, whoever goes on in the midst of them reads those before once more.
-- While it is made, rows are read and none is written; nobody reads for the moment of the exchange alone.
CREATE INDEX enrollments_due_in_order ON enrollments (campaign_id, due_at, id) WHERE due_at IS NOT NULL;
DROP INDEX enrollments_due;
