-- +goose Up
-- The words by which members are found. See 00001 for the habits.

-- A word of a member's name, external id or mail address, folded.
CREATE TABLE member_words (
    word      TEXT NOT NULL, -- in the order of its bytes: looked up by its beginning
    member_id BIGINT NOT NULL,
    PRIMARY KEY (word, member_id)
) WITHOUT ROWID;
CREATE INDEX member_words_by_member ON member_words (member_id, word);

-- Rows that are still to be made of those that were there before their table was.
CREATE TABLE fills (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL, -- the id up to which they are made
    upto BIGINT NOT NULL,
    due_at BIGINT NOT NULL DEFAULT 0 -- when all are made once more; 0: they are made for the first time
);
INSERT INTO fills (name, last, upto) SELECT 'member_words', 0, MAX(id) FROM members HAVING MAX(id) IS NOT NULL;
