-- +goose Up
-- What the playable demo brings: points, media, two channels of one member, imports. See 00001 for the habits.

-- Points are a ledger: an award is written once per visit of its step.
CREATE TABLE points (
    id            BIGINT PRIMARY KEY,
    campaign_id   BIGINT NOT NULL,
    enrollment_id BIGINT NOT NULL,
    member_id     BIGINT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    round         BIGINT NOT NULL, -- of the repeat around the step; 0 outside of one
    points        BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    UNIQUE (enrollment_id, step, visit)
);
CREATE INDEX points_by_campaign ON points (campaign_id, member_id);
CREATE INDEX points_by_member ON points (member_id, id);

-- Files that members sent. The row is written with the input; the content is fetched after that and kept by its hash in the blob folder.
CREATE TABLE media (
    id          BIGINT PRIMARY KEY,
    member_id   BIGINT NOT NULL,
    input_id    BIGINT,          -- NULL: uploaded on the survey page, content first
    channel     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('photo', 'voice', 'video_note', 'video', 'audio', 'document')),
    file_id     TEXT NOT NULL,   -- the provider's, to fetch it by
    name        TEXT NOT NULL,   -- as the member's device called it, possibly empty
    mime        TEXT NOT NULL,   -- as the content says, once it is here
    size        BIGINT NOT NULL, -- bytes; 0 unknown
    seconds     BIGINT NOT NULL, -- 0 unknown
    sha256      TEXT NOT NULL,   -- hex; empty until stored
    state       TEXT NOT NULL CHECK (state IN ('pending', 'stored', 'failed', 'erased')),
    reason      TEXT NOT NULL,
    tries       BIGINT NOT NULL,
    due_at      BIGINT,          -- when to fetch it next; NULL unless pending
    created_at  BIGINT NOT NULL,
    stored_at   BIGINT
);
CREATE INDEX media_due ON media (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX media_by_member ON media (member_id, id);
CREATE INDEX media_by_input ON media (input_id) WHERE input_id IS NOT NULL;
CREATE INDEX media_by_hash ON media (sha256) WHERE sha256 <> '';

-- Round of the repeat in which a question was answered; 0 outside of one.
ALTER TABLE responses ADD COLUMN round BIGINT NOT NULL DEFAULT 0;

-- The member's own quiet hours, as minutes of the local day; both NULL: none.
ALTER TABLE members ADD COLUMN quiet_from BIGINT;
ALTER TABLE members ADD COLUMN quiet_to BIGINT;

-- 'given' by the member or vouched for by the API's caller; 'unconfirmed' gets nothing but one mail that asks; 'confirmed' by that mail's page.
ALTER TABLE addresses ADD COLUMN proof TEXT NOT NULL DEFAULT 'given' CHECK (proof IN ('given', 'unconfirmed', 'confirmed'));

-- Single-use rights to join an address to a member: a chat by the start link, a mailbox by the page behind its mail.
CREATE TABLE link_codes (
    id          BIGINT PRIMARY KEY,
    hash        TEXT NOT NULL UNIQUE,  -- keyed hash of the code
    member_id   BIGINT NOT NULL,       -- who wants the other address
    kind        TEXT NOT NULL CHECK (kind IN ('telegram', 'email', 'confirm')), -- 'confirm': the one mail that asks an unconfirmed mailbox; kept for ever
    address     TEXT NOT NULL,         -- email: the mailbox that is to be joined, as given; emptied when the code is used
    address_hash TEXT NOT NULL,        -- keyed hash of the mailbox, to bound what is mailed to it
    delivery_id BIGINT,                -- confirm: the mail that asks
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT
);
CREATE INDEX link_codes_by_member ON link_codes (member_id, id);
CREATE INDEX link_codes_by_address ON link_codes (address_hash) WHERE address_hash <> '';
CREATE INDEX link_codes_by_expiry ON link_codes (expires_at) WHERE kind <> 'confirm';
CREATE INDEX link_codes_to_empty ON link_codes (expires_at) WHERE address <> '';

-- A campaign's name in its other languages, by language.
ALTER TABLE campaigns ADD COLUMN names TEXT NOT NULL DEFAULT '{}';

-- A member who became another one. Old ids and old external ids lead to the one who stayed.
CREATE TABLE member_merges (
    from_id     BIGINT PRIMARY KEY,
    into_id     BIGINT NOT NULL,
    external_id TEXT UNIQUE,
    at          BIGINT NOT NULL
);
CREATE INDEX member_merges_by_into ON member_merges (into_id);

-- What the bot waits for from a member outside of campaigns, such as the mail address after /link.
CREATE TABLE chat_prompts (
    member_id  BIGINT PRIMARY KEY,
    kind       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
