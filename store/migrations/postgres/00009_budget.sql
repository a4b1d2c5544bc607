-- +goose Up
-- How much a member gets at most, over all campaigns. See 00001 for the habits.
ALTER TABLE community ADD COLUMN budget TEXT NOT NULL DEFAULT '[]'; -- JSON array of decide.BudgetRule

-- Places in members' budgets, for messages that may be leaving now. A place counts until the message has an outcome, or runs out.
CREATE TABLE budget_holds (
    delivery_id BIGINT PRIMARY KEY,
    member_id   BIGINT NOT NULL,
    until       BIGINT NOT NULL
);
CREATE INDEX budget_holds_by_member ON budget_holds (member_id);
CREATE INDEX budget_holds_by_end ON budget_holds (until);
