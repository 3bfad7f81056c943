-- What a crawl of the open web needs: hosts that wait, retries, duplicates, sitemaps, reasons.

ALTER TABLE jobs
    -- Why URLs failed or were skipped; adds up to failed + skipped.
    ADD COLUMN reasons jsonb NOT NULL DEFAULT '{}',
    -- Headers and cookies that the user gave, sealed with the secret.
    ADD COLUMN credentials bytea,
    -- How far the queue was held against the exclude rules: the first so many of them against all
    -- of it, the others against URLs up to this id.
    ADD COLUMN excluded_rules integer NOT NULL DEFAULT 0,
    ADD COLUMN excluded_until bigint NOT NULL DEFAULT 0,
    -- The scope moved: pages with greater ids are still to be marked stale, their links to be
    -- judged anew. NULL where none are.
    ADD COLUMN stale_after bigint;

ALTER TABLE frontier
    -- Host and port: what politeness goes by, and what a batch has in common.
    ADD COLUMN host text NOT NULL DEFAULT '',
    -- A queued URL that failed in passing waits until then.
    ADD COLUMN not_before timestamptz,
    -- Fetches that failed in passing.
    ADD COLUMN attempts smallint NOT NULL DEFAULT 0,
    -- The URL whose page this one's is, where that is known by its content or its own word.
    ADD COLUMN duplicate_of bigint,
    ADD CONSTRAINT frontier_waits_in_queue CHECK (not_before IS NULL OR state = 'queued');

UPDATE frontier
SET host = coalesce(substring(url FROM '^[a-z]+://([^/]*)'), '');

UPDATE jobs
SET reasons = counted.reasons
FROM (
    SELECT job_id, jsonb_object_agg(reason, urls) AS reasons
    FROM (
        SELECT job_id, reason, count(*) AS urls
        FROM frontier
        WHERE outcome IN ('failed', 'skipped')
          AND reason IS NOT NULL
        GROUP BY job_id, reason
    ) AS by_reason
    GROUP BY job_id
) AS counted
WHERE counted.job_id = jobs.id;

-- The next batch is the first of what is queued (frontier_open), or the first of another host.
CREATE INDEX frontier_hosts ON frontier (job_id, host, depth, id)
    WHERE state = 'queued' AND not_before IS NULL;
CREATE INDEX frontier_later ON frontier (job_id, not_before) WHERE not_before IS NOT NULL;
CREATE INDEX frontier_reasons ON frontier (job_id, reason, id) WHERE reason IS NOT NULL;
DROP INDEX frontier_over_limit;

ALTER TABLE pages
    -- A sentence beside the reason: the rule of robots.txt, what is wrong with a certificate.
    ADD COLUMN detail text,
    -- Of the canonical URL that a page names and its title, both of which duplicates share.
    ADD COLUMN name_key bytea,
    -- The page asks that none of its links be followed.
    ADD COLUMN nofollow boolean NOT NULL DEFAULT false;

-- Pages of a job that are one: by their content, or by the name that they give themselves.
DROP INDEX pages_content;
CREATE INDEX pages_content ON pages (content_hash, job_id) WHERE content_hash IS NOT NULL;
CREATE INDEX pages_names ON pages (job_id, name_key) WHERE name_key IS NOT NULL;

-- Sitemaps of a job, beside its URLs: they are read, and are no pages.
CREATE TABLE sitemaps (
    job_id     text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    url_key    bytea NOT NULL,
    url        text NOT NULL,
    -- Sitemap indexes between the host and this one.
    level      integer NOT NULL,
    state      text NOT NULL DEFAULT 'queued',
    reason     text,
    not_before timestamptz,
    attempts   smallint NOT NULL DEFAULT 0,
    is_broken  boolean NOT NULL DEFAULT false,
    -- The URLs that it lists, packed, and how many of them have been queued or left out.
    links      bytea,
    listed     integer NOT NULL DEFAULT 0,
    expanded   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, id),
    UNIQUE (job_id, url_key),
    CONSTRAINT sitemaps_state CHECK (state IN ('queued', 'claimed', 'read', 'failed'))
);
ALTER TABLE sitemaps ALTER COLUMN links SET STORAGE EXTERNAL;

-- Samples of links that leave a job, for its report.
CREATE TABLE left_out (
    job_id   text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    reason   text NOT NULL,
    url_key  bytea NOT NULL,
    url      text NOT NULL,
    found_on bigint,
    PRIMARY KEY (job_id, reason, url_key)
);

-- How many URLs of one pattern a job has taken: endless calendars and facets have a budget.
CREATE TABLE url_patterns (
    job_id      text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    pattern_key bytea NOT NULL,
    pattern     text NOT NULL,
    urls        integer NOT NULL,
    left_out    integer NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, pattern_key)
);

-- Answers of sites, shared by all jobs (RFC 9111); their bodies stand in bodies.
CREATE TABLE http_cache (
    -- Of the URL and of what answers depend on beside it: who asks, and where it may go.
    key           bytea PRIMARY KEY,
    url           text NOT NULL,
    status        integer NOT NULL,
    headers       bytea NOT NULL,
    -- The page; without one it is an answer whose body was left out, or a redirect.
    content_hash  bytea,
    -- Where a redirect leads.
    target        text,
    -- Bytes that the answer takes here, its packed body included.
    size          bigint NOT NULL,
    -- Whether it came from a network that the operator allows beside the public ones.
    allowed       boolean NOT NULL,
    validated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT http_cache_redirects_have_no_page CHECK (target IS NULL OR content_hash IS NULL)
);
ALTER TABLE http_cache ALTER COLUMN headers SET STORAGE EXTERNAL;
CREATE INDEX http_cache_oldest ON http_cache (used_at);
CREATE INDEX http_cache_content ON http_cache (content_hash);

-- The job that runs is always newer than the statistics, by which it would have one row in every
-- table, and any index that begins with its id would be as good as any other. Without statistics of
-- the id a job is taken for a two-hundredth of the table. (The type is the same: what was gathered
-- before goes with it.)
ALTER TABLE frontier ALTER COLUMN job_id TYPE text, ALTER COLUMN job_id SET STATISTICS 0;
ALTER TABLE pages ALTER COLUMN job_id TYPE text, ALTER COLUMN job_id SET STATISTICS 0;
ALTER TABLE documents ALTER COLUMN job_id TYPE text, ALTER COLUMN job_id SET STATISTICS 0;
ALTER TABLE events ALTER COLUMN job_id TYPE text, ALTER COLUMN job_id SET STATISTICS 0;
ALTER TABLE sitemaps ALTER COLUMN job_id SET STATISTICS 0;
ALTER TABLE left_out ALTER COLUMN job_id SET STATISTICS 0;
ALTER TABLE url_patterns ALTER COLUMN job_id SET STATISTICS 0;
