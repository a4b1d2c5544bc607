-- +goose Up
-- Who is due, in the order of moments and ids. See 00001 for the habits.

-- Every index of SQLite ends in the row's id: enrollments_due has had this order all along.
