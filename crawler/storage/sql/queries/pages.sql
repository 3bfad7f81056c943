-- name: insert_pages
-- What the site answered; a URL tried again replaces what was kept of it.
INSERT INTO pages (
    job_id, id, final_url, http_status, title, ms, bytes,
    content_type, content_hash, headers, hops, links, link_keys, stale, counted,
    detail, name_key, nofollow, alternate_url, alternate_hash
)
SELECT %(job_id)s, each.*
FROM unnest(
    %(ids)s::bigint[],
    %(final_urls)s::text[],
    %(http_statuses)s::integer[],
    %(titles)s::text[],
    %(ms)s::integer[],
    %(bytes)s::bigint[],
    %(content_types)s::text[],
    %(content_hashes)s::bytea[],
    %(headers)s::bytea[],
    %(hops)s::bytea[],
    %(links)s::bytea[],
    %(link_keys)s::bytea[],
    %(stale)s::boolean[],
    %(counted)s::boolean[],
    %(details)s::text[],
    %(name_keys)s::bytea[],
    %(nofollows)s::boolean[],
    %(alternate_urls)s::text[],
    %(alternate_hashes)s::bytea[]
) AS each
ON CONFLICT (job_id, id) DO UPDATE
SET final_url = excluded.final_url,
    http_status = excluded.http_status,
    title = excluded.title,
    ms = excluded.ms,
    bytes = excluded.bytes,
    content_type = excluded.content_type,
    content_hash = excluded.content_hash,
    fetched_at = clock_timestamp(),
    headers = excluded.headers,
    hops = excluded.hops,
    links = excluded.links,
    link_keys = excluded.link_keys,
    stale = excluded.stale,
    counted = excluded.counted,
    detail = excluded.detail,
    name_key = excluded.name_key,
    nofollow = excluded.nofollow,
    alternate_url = excluded.alternate_url,
    alternate_hash = excluded.alternate_hash;

-- name: mark_stale
-- Their links are to be queued anew.
UPDATE pages
SET stale = true
WHERE job_id = %(job_id)s
  AND id = ANY(%(ids)s)
  AND links IS NOT NULL;

-- name: mark_stale_slice
-- The scope moved: links of a slice of the pages after an id are to be judged anew.
WITH next AS (
    SELECT id
    FROM pages
    WHERE job_id = %(job_id)s
      AND id > %(after)s
      AND links IS NOT NULL
    ORDER BY id
    LIMIT %(limit)s
),
marked AS (
    UPDATE pages
    SET stale = true
    FROM next
    WHERE pages.job_id = %(job_id)s
      AND pages.id = next.id
      AND NOT pages.stale
)
SELECT id
FROM next;

-- name: take_stale
-- A slice of pages whose links are to be queued anew; freshened by the same transaction.
-- Bounded by the packed size of the links, too: one page may have as many as a thousand others.
WITH waiting AS (
    SELECT job_id, id, counted,
        sum(octet_length(links)) OVER (ORDER BY id) - octet_length(links) AS before
    FROM (
        SELECT job_id, id, counted, links
        FROM pages
        WHERE job_id = %(job_id)s
          AND stale
        ORDER BY id
        LIMIT %(limit)s
    ) AS first
),
next AS (
    SELECT job_id, id, counted
    FROM waiting
    WHERE before < %(most_bytes)s
)
UPDATE pages
SET stale = false,
    counted = true
FROM next
JOIN frontier
    ON frontier.job_id = next.job_id
   AND frontier.id = next.id
WHERE pages.job_id = next.job_id
  AND pages.id = next.id
RETURNING pages.id, frontier.depth, pages.links, pages.nofollow, pages.alternate_url, next.counted;

-- name: unprocessed
-- Fetched pages whose content waits for the processor; of many the first, before their pages are
-- looked up.
WITH waiting AS MATERIALIZED (
    SELECT id, url, failed_calls + lost_calls AS attempts
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state = 'fetched'
      AND id > %(after)s
    ORDER BY id
    LIMIT %(limit)s
)
SELECT waiting.id,
    coalesce(pages.final_url, waiting.url) AS url,
    pages.content_hash,
    pages.content_type,
    pages.alternate_url,
    pages.alternate_hash,
    waiting.attempts
FROM waiting
JOIN pages
    ON pages.job_id = %(job_id)s
   AND pages.id = waiting.id
ORDER BY waiting.id;

-- name: count_lost_processing
-- A lost orchestrator may have died of what it had sent to the processor.
UPDATE frontier
SET lost_calls = lost_calls + 1
WHERE job_id = %(job_id)s
  AND state = 'fetched';

-- name: count_failed_processing
UPDATE frontier
SET failed_calls = failed_calls + 1
WHERE job_id = %(job_id)s
  AND state = 'fetched'
  AND id = ANY(%(ids)s)
RETURNING id, failed_calls + lost_calls AS attempts;

-- name: mark_processed
-- The guard that makes processing idempotent: only what still waits is taken.
UPDATE frontier
SET state = 'done',
    content = %(content)s
WHERE job_id = %(job_id)s
  AND state = 'fetched'
  AND id = ANY(%(ids)s)
RETURNING id;

-- name: insert_documents
-- A page that was made anew has another one instead.
INSERT INTO documents (
    job_id, id, title, description, language, markdown, length, units, metadata
)
SELECT %(job_id)s, each.*
FROM unnest(
    %(ids)s::bigint[],
    %(titles)s::text[],
    %(descriptions)s::text[],
    %(languages)s::text[],
    %(markdowns)s::bytea[],
    %(lengths)s::integer[],
    %(units)s::bytea[],
    %(metadata)s::bytea[]
) AS each
ON CONFLICT (job_id, id) DO UPDATE
SET title = excluded.title,
    description = excluded.description,
    language = excluded.language,
    markdown = excluded.markdown,
    length = excluded.length,
    units = excluded.units,
    metadata = excluded.metadata;

-- name: rows
-- The URLs of a job in the order in which they were found, with what came of them.
SELECT frontier.id, frontier.url, frontier.outcome, frontier.reason, frontier.depth,
    frontier.found_on, frontier.content, frontier.duplicate_of, frontier.attempts,
    frontier.not_before,
    pages.final_url, pages.http_status, pages.title, pages.ms, pages.bytes,
    pages.content_type, pages.content_hash, pages.fetched_at, pages.detail
FROM frontier
LEFT JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.id > %(after)s
  AND frontier.state NOT IN ('beyond', 'alias')
  AND (%(outcome)s IS NULL OR frontier.outcome = %(outcome)s)
  AND (%(reason)s IS NULL OR frontier.reason = %(reason)s)
  AND (%(pending)s IS NOT TRUE OR frontier.outcome IS NULL)
  AND (%(q)s IS NULL OR frontier.url ILIKE %(q)s OR pages.title ILIKE %(q)s)
ORDER BY frontier.id
LIMIT %(limit)s;

-- name: newest_rows
-- The URLs that were settled last, newest first.
SELECT frontier.id, frontier.url, frontier.outcome, frontier.reason, frontier.depth,
    frontier.found_on, frontier.content, frontier.duplicate_of, frontier.attempts,
    frontier.not_before,
    pages.final_url, pages.http_status, pages.title, pages.ms, pages.bytes,
    pages.content_type, pages.content_hash, pages.fetched_at, pages.detail
FROM pages
JOIN frontier
    ON frontier.job_id = pages.job_id
   AND frontier.id = pages.id
WHERE pages.job_id = %(job_id)s
ORDER BY pages.fetched_at DESC, pages.id DESC
LIMIT %(limit)s;

-- name: page
-- One URL with all that was kept of it.
SELECT frontier.id, frontier.url, frontier.outcome, frontier.reason, frontier.depth,
    frontier.found_on, frontier.content, frontier.duplicate_of, frontier.attempts,
    frontier.not_before,
    pages.final_url, pages.http_status, pages.title, pages.ms, pages.bytes,
    pages.content_type, pages.content_hash, pages.fetched_at, pages.detail,
    pages.headers, pages.hops, pages.links, pages.alternate_url,
    documents.title AS document_title, documents.description, documents.language,
    documents.markdown, documents.units, documents.metadata
FROM frontier
LEFT JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
LEFT JOIN documents
    ON documents.job_id = frontier.job_id
   AND documents.id = frontier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = %(id)s
  AND frontier.state NOT IN ('beyond', 'alias');

-- name: whole_pages
-- Rows with all that was kept, for a list paged by size.
SELECT frontier.id, frontier.url, frontier.outcome, frontier.reason, frontier.depth,
    frontier.found_on, frontier.content, frontier.duplicate_of, frontier.attempts,
    frontier.not_before,
    pages.final_url, pages.http_status, pages.title, pages.ms, pages.bytes,
    pages.content_type, pages.content_hash, pages.fetched_at, pages.detail,
    pages.headers, pages.hops, pages.links, pages.alternate_url,
    documents.title AS document_title, documents.description, documents.language,
    documents.markdown, documents.units, documents.metadata
FROM frontier
LEFT JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
LEFT JOIN documents
    ON documents.job_id = frontier.job_id
   AND documents.id = frontier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.id > %(after)s
  AND frontier.state NOT IN ('beyond', 'alias')
  AND (%(outcome)s IS NULL OR frontier.outcome = %(outcome)s)
  AND (%(reason)s IS NULL OR frontier.reason = %(reason)s)
  AND (%(pending)s IS NOT TRUE OR frontier.outcome IS NULL)
  AND (%(q)s IS NULL OR frontier.url ILIKE %(q)s OR pages.title ILIKE %(q)s)
ORDER BY frontier.id
LIMIT %(limit)s;
