-- A crawl: its job, what is known of its URLs, what was fetched, what was told.
-- Per-job tables have job_id first in every key, so that they can be spread by it.

CREATE TABLE jobs (
    id              text PRIMARY KEY,
    urls            jsonb NOT NULL,
    status          text NOT NULL DEFAULT 'queued',
    options         jsonb NOT NULL,
    -- Roots after their own redirects: what scope is judged against.
    scope_bases     jsonb NOT NULL,
    -- Raised by whoever takes the job over; a write under an older one finds no row.
    epoch           bigint NOT NULL DEFAULT 0,
    -- Ids are handed out here, under this row's lock: 1, 2, 3, … without a gap.
    last_event_id   bigint NOT NULL DEFAULT 0,
    discovered      bigint NOT NULL DEFAULT 0,
    queued          bigint NOT NULL DEFAULT 0,
    processing      bigint NOT NULL DEFAULT 0,
    completed       bigint NOT NULL DEFAULT 0,
    failed          bigint NOT NULL DEFAULT 0,
    skipped         bigint NOT NULL DEFAULT 0,
    from_cache      bigint NOT NULL DEFAULT 0,
    processed       bigint NOT NULL DEFAULT 0,
    process_failed  bigint NOT NULL DEFAULT 0,
    bytes           bigint NOT NULL DEFAULT 0,
    -- Links that leave the job, distinct per page, by reason.
    links_left_out  jsonb NOT NULL DEFAULT '{}',
    -- Raised when limits change, so that the orchestrator looks at the queue anew.
    options_version integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    finished_at     timestamptz,
    deleted_at      timestamptz,
    error           text,
    idempotency_key text UNIQUE,
    request_hash    bytea,
    CONSTRAINT jobs_status CHECK (status IN
        ('queued', 'running', 'paused', 'completed', 'timeout', 'failed', 'cancelled')),
    CONSTRAINT jobs_queued_is_new CHECK (status <> 'queued' OR started_at IS NULL),
    CONSTRAINT jobs_running_has_started CHECK (status <> 'running' OR started_at IS NOT NULL),
    CONSTRAINT jobs_finished_is_terminal CHECK (
        (finished_at IS NOT NULL) = (status IN ('completed', 'timeout', 'failed', 'cancelled'))),
    CONSTRAINT jobs_totals_add_up CHECK (
        discovered = queued + processing + completed + failed + skipped),
    CONSTRAINT jobs_totals_are_counts CHECK (
        queued >= 0 AND processing >= 0 AND completed >= 0 AND failed >= 0 AND skipped >= 0
        AND processed >= 0 AND process_failed >= 0 AND processed + process_failed <= completed)
);

CREATE INDEX jobs_active ON jobs (created_at) WHERE status IN ('queued', 'running');
CREATE INDEX jobs_newest ON jobs (created_at DESC, id DESC);
CREATE INDEX jobs_deleted ON jobs (deleted_at) WHERE deleted_at IS NOT NULL;

-- Who orchestrates a job. Apart from jobs, so that a renewal never waits for a job's row.
CREATE TABLE leases (
    job_id     text PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    epoch      bigint NOT NULL,
    host       text NOT NULL,
    pid        integer NOT NULL,
    state      text NOT NULL,
    expires_at timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    -- Time under a lease since the time limit last began, in milliseconds.
    ran_ms     bigint NOT NULL DEFAULT 0,
    CONSTRAINT leases_state CHECK (state IN ('held', 'handed-over', 'ended'))
);

-- Every URL a job knows, once: the queue and the seen-set in one.
--   queued → claimed → fetched → done (content processed)
--                    → done (failed, skipped)
--   beyond: deeper than the job goes; alias: where another URL redirected to. Both outside totals.
CREATE TABLE frontier (
    job_id       text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    url_key      bytea NOT NULL,
    url          text NOT NULL,
    depth        integer NOT NULL,
    state        text NOT NULL,
    outcome      text,
    reason       text,
    content      text,
    found_on     bigint,
    alias_of     bigint,
    -- Calls that failed with this URL in them, and calls whose orchestrator was lost.
    failed_calls smallint NOT NULL DEFAULT 0,
    lost_calls   smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, id),
    UNIQUE (job_id, url_key),
    CONSTRAINT frontier_state CHECK (state IN
        ('queued', 'claimed', 'fetched', 'done', 'beyond', 'alias')),
    CONSTRAINT frontier_outcome CHECK (outcome IN ('fetched', 'cached', 'failed', 'skipped')),
    CONSTRAINT frontier_done_has_outcome CHECK (
        (state IN ('fetched', 'done')) = (outcome IS NOT NULL)),
    CONSTRAINT frontier_content CHECK (content IN ('stored', 'failed')),
    CONSTRAINT frontier_alias CHECK ((state = 'alias') = (alias_of IS NOT NULL))
) WITH (fillfactor = 80);

-- Claims and counts look only at what is open, so their cost stays flat as a crawl grows.
CREATE INDEX frontier_open ON frontier (job_id, state, depth, id) WHERE state <> 'done';
CREATE INDEX frontier_failed ON frontier (job_id, id) WHERE outcome = 'failed';
CREATE INDEX frontier_skipped ON frontier (job_id, reason) WHERE outcome = 'skipped';
CREATE INDEX frontier_over_limit ON frontier (job_id, id) WHERE reason = 'page-limit';
CREATE INDEX frontier_aliases ON frontier (job_id, alias_of) WHERE alias_of IS NOT NULL;

-- What a site answered, for every URL that was tried.
CREATE TABLE pages (
    job_id       text NOT NULL,
    id           bigint NOT NULL,
    final_url    text,
    http_status  integer,
    title        text,
    ms           integer,
    bytes        bigint,
    content_type text,
    content_hash bytea,
    fetched_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- zstd-compressed JSON; the database compresses none of it again.
    headers      bytea,
    hops         bytea,
    links        bytea,
    -- Set when its links have to be queued anew: its depth became smaller, or scope moved.
    stale        boolean NOT NULL DEFAULT false,
    -- Whether the links that leave the job were counted; they are, once.
    counted      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (job_id, id),
    FOREIGN KEY (job_id, id) REFERENCES frontier ON DELETE CASCADE
);
ALTER TABLE pages
    ALTER COLUMN headers SET STORAGE EXTERNAL,
    ALTER COLUMN hops SET STORAGE EXTERNAL,
    ALTER COLUMN links SET STORAGE EXTERNAL;
CREATE INDEX pages_stale ON pages (job_id, id) WHERE stale;
CREATE INDEX pages_newest ON pages (job_id, fetched_at DESC, id DESC);
CREATE INDEX pages_content ON pages (content_hash) WHERE content_hash IS NOT NULL;

-- What the processor made of a page.
CREATE TABLE documents (
    job_id      text NOT NULL,
    id          bigint NOT NULL,
    title       text NOT NULL,
    description text NOT NULL,
    language    text NOT NULL,
    markdown    bytea NOT NULL,
    -- Characters of the Markdown, so that lists can be paged by size without unpacking it.
    length      integer NOT NULL,
    PRIMARY KEY (job_id, id),
    FOREIGN KEY (job_id, id) REFERENCES frontier ON DELETE CASCADE
);
ALTER TABLE documents ALTER COLUMN markdown SET STORAGE EXTERNAL;

-- Bodies by content, shared by all jobs, zstd-compressed.
CREATE TABLE bodies (
    hash       bytea PRIMARY KEY,
    data       bytea NOT NULL,
    size       bigint NOT NULL,
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE bodies ALTER COLUMN data SET STORAGE EXTERNAL;

-- Bodies that a deleted job referred to; collected once nothing refers to them.
CREATE TABLE body_garbage (
    hash   bytea PRIMARY KEY,
    due_at timestamptz NOT NULL
);

-- The log. body is the event's text, to the letter as Redis and streams carry it.
CREATE TABLE events (
    job_id text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    id     bigint NOT NULL,
    body   text NOT NULL,
    PRIMARY KEY (job_id, id)
);
