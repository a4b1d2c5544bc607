-- +goose Up
-- What becomes of those inside when a version is published. See 00001 for the habits.

-- Who is in a version before this one is taken over into it, or leaves, part by part in the order of enrollments' ids, until nobody is left.
CREATE TABLE campaign_moves (
    campaign_id     BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    inside          TEXT NOT NULL CHECK (inside IN ('move', 'end')),
    landings        TEXT NOT NULL,   -- JSON: where those go on who stand at a step, by its id; an empty text ends their passage
    versions        TEXT NOT NULL,   -- JSON: the older versions that it is about; an empty list is all
    last_enrollment BIGINT NOT NULL, -- how far this round through them has come
    found           BIGINT NOT NULL, -- how many of this round were moved, or must be looked at again
    moved_n         BIGINT NOT NULL, -- how many in all were moved, or ended
    due_at          BIGINT,          -- when to go on; NULL: done
    asked_at        BIGINT NOT NULL,
    asked_by        TEXT NOT NULL,
    PRIMARY KEY (campaign_id, version)
);
CREATE INDEX campaign_moves_due ON campaign_moves (due_at) WHERE due_at IS NOT NULL;
