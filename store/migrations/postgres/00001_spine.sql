-- +goose Up
-- Times are whole microseconds since 1970-01-01 UTC. Ids come from the store in blocks, one sequence for every table.
-- Lists of states repeat campaigns/states.go and members/member.go.

CREATE TABLE community (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    name           TEXT NOT NULL,
    time_zone      TEXT NOT NULL,
    languages      TEXT NOT NULL, -- JSON array, the first is the fallback
    topics         TEXT NOT NULL, -- JSON array of topics that /start grants
    postal_address TEXT NOT NULL,
    brand          TEXT NOT NULL, -- one line under mails
    privacy_url    TEXT NOT NULL,
    updated_at     BIGINT NOT NULL
);

CREATE TABLE members (
    id          BIGINT PRIMARY KEY,
    external_id TEXT UNIQUE,
    first_name  TEXT NOT NULL,
    last_name   TEXT NOT NULL,
    language    TEXT NOT NULL,
    time_zone   TEXT NOT NULL,
    attributes  TEXT NOT NULL, -- JSON object: string, number, boolean values
    state       TEXT NOT NULL CHECK (state IN ('active', 'erased')),
    stopped_at  BIGINT,        -- everything off since
    last_act_at BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- What audiences look up. tag_key and text_key are case-folded by definition.Fold, since SQLite folds ASCII only.
CREATE TABLE member_tags (
    member_id BIGINT NOT NULL,
    tag_key   TEXT NOT NULL,
    tag       TEXT NOT NULL,
    PRIMARY KEY (member_id, tag_key)
);
CREATE INDEX member_tags_by_tag ON member_tags (tag_key, member_id);

CREATE TABLE member_attributes (
    member_id BIGINT NOT NULL,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('text', 'number', 'bool')),
    text_key  TEXT,            -- text: folded; bool: 'true' or 'false'
    number    DOUBLE PRECISION,
    PRIMARY KEY (member_id, name)
);
CREATE INDEX member_attributes_by_text ON member_attributes (name, text_key, member_id);
CREATE INDEX member_attributes_by_number ON member_attributes (name, number, member_id);

CREATE TABLE addresses (
    id         BIGINT PRIMARY KEY,
    member_id  BIGINT NOT NULL,
    channel    TEXT NOT NULL CHECK (channel IN ('telegram', 'email')),
    value      TEXT NOT NULL,
    value_key  TEXT NOT NULL, -- what makes two spellings the same address
    value_hash TEXT NOT NULL, -- keyed hash of channel and value_key, for suppression
    reach      TEXT NOT NULL CHECK (reach IN ('unknown', 'ok', 'blocked', 'not_started', 'gone')),
    reach_at   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (channel, value_key),
    UNIQUE (member_id, channel)
);

CREATE TABLE suppressions (
    channel    TEXT NOT NULL,
    value_hash TEXT NOT NULL,
    reason     TEXT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (channel, value_hash)
);

-- The ledger is append-only; subscriptions is what it adds up to.
CREATE TABLE consents (
    id        BIGINT PRIMARY KEY,
    member_id BIGINT NOT NULL,
    channel   TEXT NOT NULL,
    topic     TEXT NOT NULL, -- '*' is every topic without an entry of its own
    given     BOOLEAN NOT NULL,
    source    TEXT NOT NULL,
    wording   TEXT NOT NULL,
    at        BIGINT NOT NULL
);
CREATE INDEX consents_by_member ON consents (member_id, id);

CREATE TABLE subscriptions (
    member_id BIGINT NOT NULL,
    channel   TEXT NOT NULL,
    topic     TEXT NOT NULL,
    given     BOOLEAN NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (member_id, channel, topic)
);

CREATE TABLE campaigns (
    id           BIGINT PRIMARY KEY,
    key          TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'running', 'paused', 'finished', 'archived')),
    draft        TEXT NOT NULL, -- as typed
    draft_format TEXT NOT NULL CHECK (draft_format IN ('yaml', 'json')),
    draft_rev    BIGINT NOT NULL,
    live_version BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    state_at     BIGINT NOT NULL,
    state_by     TEXT NOT NULL
);

CREATE TABLE campaign_versions (
    campaign_id  BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    source       TEXT NOT NULL,
    format       TEXT NOT NULL CHECK (format IN ('yaml', 'json')),
    sha256       TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (campaign_id, version)
);

-- One row a pause. Ask timeouts are lengthened by the pauses that lie inside them.
CREATE TABLE campaign_pauses (
    campaign_id BIGINT NOT NULL,
    from_at     BIGINT NOT NULL,
    to_at       BIGINT,
    paused_by   TEXT NOT NULL,
    PRIMARY KEY (campaign_id, from_at)
);

-- An entry by schedule, and how far its audience has been enrolled.
CREATE TABLE campaign_schedules (
    campaign_id BIGINT PRIMARY KEY,
    version     BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    last_member BIGINT NOT NULL, -- every member up to this id has been looked at
    done_at     BIGINT
);

CREATE TABLE enrollments (
    id            BIGINT PRIMARY KEY,
    campaign_id   BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    member_id     BIGINT NOT NULL,
    run_key       TEXT NOT NULL,
    source        TEXT NOT NULL, -- 'event:NAME', 'api', 'schedule'
    state         TEXT NOT NULL CHECK (state IN ('active', 'waiting', 'completed', 'exited')),
    reason        TEXT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    wait_kind     TEXT NOT NULL CHECK (wait_kind IN ('', 'time', 'delivery', 'answer')),
    wait_delivery BIGINT,
    due_at        BIGINT,        -- when to decide next; NULL: something else wakes it
    data          TEXT NOT NULL, -- JSON: visits, answers, the wait's rule
    rev           BIGINT NOT NULL,
    entered_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    ended_at      BIGINT
);
CREATE UNIQUE INDEX enrollments_one_active ON enrollments (campaign_id, member_id, run_key) WHERE state IN ('active', 'waiting');
CREATE INDEX enrollments_due ON enrollments (campaign_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX enrollments_by_member ON enrollments (member_id, id);
CREATE INDEX enrollments_by_campaign ON enrollments (campaign_id, id);

-- Whatever arrives, stored before anything acts on it. source_key is the thing's own id: an input is stored once.
CREATE TABLE inputs (
    id          BIGINT PRIMARY KEY,
    source      TEXT NOT NULL, -- 'telegram', 'api', 'page', 'system'
    source_key  TEXT NOT NULL,
    actor       TEXT NOT NULL, -- whose inputs are handled in order: 'telegram:CHAT' or 'member:ID'
    kind        TEXT NOT NULL,
    raw         TEXT NOT NULL,
    member_id   BIGINT,
    state       TEXT NOT NULL CHECK (state IN ('stored', 'done', 'dead')),
    tries       BIGINT NOT NULL,
    error       TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    handled_at  BIGINT,
    UNIQUE (source, source_key)
);
CREATE INDEX inputs_stored ON inputs (actor, id) WHERE state = 'stored';
CREATE INDEX inputs_dead ON inputs (id) WHERE state = 'dead';
CREATE INDEX inputs_by_member ON inputs (member_id, id) WHERE member_id IS NOT NULL;

CREATE TABLE actor_claims (
    actor       TEXT PRIMARY KEY,
    claim_owner TEXT NOT NULL,
    claim_until BIGINT NOT NULL
);

-- One message to one address. A step's message is unique by (enrollment, step, visit, channel, part), a system reply by (input, name, part).
-- Bulk rows (chunk_id set) are claimed through their chunk and written twice: insert and outcome; state and claim stand in no index.
CREATE TABLE deliveries (
    id            BIGINT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('step', 'system')),
    campaign_id   BIGINT,
    version       BIGINT,
    enrollment_id BIGINT,
    member_id     BIGINT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    channel       TEXT NOT NULL CHECK (channel IN ('telegram', 'email')),
    part          BIGINT NOT NULL,
    input_id      BIGINT,
    name          TEXT NOT NULL, -- of a system reply
    params        TEXT NOT NULL, -- JSON for a system reply; never personal values
    lane          TEXT NOT NULL CHECK (lane IN ('interactive', 'bulk')),
    priority      BIGINT NOT NULL, -- smaller goes first
    state         TEXT NOT NULL CHECK (state IN ('pending', 'claimed', 'sending', 'sent', 'failed', 'suppressed', 'expired', 'canceled', 'held_out', 'unknown')),
    reason        TEXT NOT NULL,
    code          TEXT NOT NULL,
    detail        TEXT NOT NULL,
    provider_id   TEXT NOT NULL,
    attempts      BIGINT NOT NULL,
    chunk_id      BIGINT,
    due_at        BIGINT,        -- claimed row by row when set
    expires_at    BIGINT NOT NULL,
    claim_owner   TEXT,
    claim_until   BIGINT,
    created_at    BIGINT NOT NULL,
    final_at      BIGINT
) WITH (fillfactor = 55);
CREATE UNIQUE INDEX deliveries_step ON deliveries (enrollment_id, step, visit, channel, part) WHERE enrollment_id IS NOT NULL;
CREATE UNIQUE INDEX deliveries_reply ON deliveries (input_id, name, part) WHERE input_id IS NOT NULL;
CREATE INDEX deliveries_due_interactive ON deliveries (channel, priority, due_at) WHERE due_at IS NOT NULL AND lane = 'interactive';
CREATE INDEX deliveries_due_bulk ON deliveries (campaign_id, channel, priority, due_at) WHERE due_at IS NOT NULL AND lane = 'bulk';
CREATE INDEX deliveries_claimed ON deliveries (claim_owner) WHERE claim_owner IS NOT NULL;
CREATE INDEX deliveries_by_member ON deliveries (member_id, id);
CREATE INDEX deliveries_by_campaign ON deliveries (campaign_id, id);

-- A lease over a range of bulk deliveries: claiming it is one write.
CREATE TABLE chunks (
    id          BIGINT PRIMARY KEY,
    campaign_id BIGINT NOT NULL,
    channel     TEXT NOT NULL,
    lo          BIGINT NOT NULL,
    hi          BIGINT NOT NULL,
    left_n      BIGINT NOT NULL, -- deliveries that are neither final nor due row by row
    priority    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    claim_owner TEXT,
    claim_until BIGINT
) WITH (fillfactor = 30);
CREATE INDEX chunks_due ON chunks (campaign_id, channel, priority, due_at) WHERE left_n > 0;
CREATE INDEX chunks_claimed ON chunks (claim_owner) WHERE claim_owner IS NOT NULL;

-- The one typed question that is open in a member's Telegram chat.
CREATE TABLE open_questions (
    member_id     BIGINT PRIMARY KEY,
    enrollment_id BIGINT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    delivery_id   BIGINT NOT NULL,
    opened_at     BIGINT NOT NULL
);

-- What is ticked so far in a question with several answers.
CREATE TABLE selections (
    enrollment_id BIGINT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    options       TEXT NOT NULL, -- JSON array of option values
    PRIMARY KEY (enrollment_id, step, visit)
);

CREATE TABLE responses (
    id            BIGINT PRIMARY KEY,
    enrollment_id BIGINT NOT NULL,
    campaign_id   BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    member_id     BIGINT NOT NULL,
    question      TEXT NOT NULL,
    step          TEXT NOT NULL,
    visit         BIGINT NOT NULL,
    answer        TEXT NOT NULL, -- JSON campaigns.Answer; '{}' after erasure
    type          TEXT NOT NULL,
    number        DOUBLE PRECISION, -- scale, nps, csat, number
    choice        TEXT,          -- choice, yes_no
    late          BOOLEAN NOT NULL,
    channel       TEXT NOT NULL,
    input_id      BIGINT NOT NULL,
    rev           BIGINT NOT NULL,
    answered_at   BIGINT NOT NULL,
    UNIQUE (enrollment_id, step, visit)
);
CREATE INDEX responses_by_campaign ON responses (campaign_id, id);
CREATE INDEX responses_by_member ON responses (member_id, id);

CREATE TABLE response_history (
    response_id BIGINT NOT NULL,
    rev         BIGINT NOT NULL,
    answer      TEXT NOT NULL,
    input_id    BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (response_id, rev)
);

-- The append-only log: what happened and what did not, with reasons; never a personal value.
CREATE TABLE events (
    id            BIGINT PRIMARY KEY,
    at            BIGINT NOT NULL,
    name          TEXT NOT NULL,
    member_id     BIGINT,
    campaign_id   BIGINT,
    enrollment_id BIGINT,
    delivery_id   BIGINT,
    step          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    data          TEXT NOT NULL -- JSON object
);
CREATE INDEX events_by_member ON events (member_id, id) WHERE member_id IS NOT NULL;
CREATE INDEX events_by_campaign ON events (campaign_id, id) WHERE campaign_id IS NOT NULL;
CREATE INDEX events_by_enrollment ON events (enrollment_id, id) WHERE enrollment_id IS NOT NULL;

-- What members wrote and no question waited for.
CREATE TABLE messages (
    id         BIGINT PRIMARY KEY,
    member_id  BIGINT NOT NULL,
    channel    TEXT NOT NULL,
    input_id   BIGINT NOT NULL UNIQUE,
    kind       TEXT NOT NULL, -- 'text', 'photo', 'voice', …
    text       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    at         BIGINT NOT NULL,
    closed_at  BIGINT,
    closed_by  TEXT NOT NULL
);
CREATE INDEX messages_by_state ON messages (state, id);
CREATE INDEX messages_by_member ON messages (member_id, id);

CREATE TABLE tokens (
    id           BIGINT PRIMARY KEY,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    scopes       TEXT NOT NULL, -- JSON array
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);

CREATE TABLE idempotency_keys (
    token_id     BIGINT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       BIGINT NOT NULL, -- 0 while the first request runs
    content_type TEXT NOT NULL,
    body         TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (token_id, key)
);

CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL
);

-- Pauses that a provider asked for; kept in SQL so that a lost Redis forgets none.
CREATE TABLE cooldowns (
    bucket TEXT PRIMARY KEY, -- 'telegram', 'telegram:MEMBER', 'email'
    until  BIGINT NOT NULL,
    reason TEXT NOT NULL
);

CREATE SEQUENCE id_blocks INCREMENT BY 1000;

-- A published version's bytes never change.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published version never changes';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER campaign_versions_immutable BEFORE UPDATE ON campaign_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
