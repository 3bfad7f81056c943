-- name: insert_roots
INSERT INTO frontier (job_id, url, url_key, host, depth, state)
SELECT %(job_id)s, each.url, each.url_key, each.host, 0, 'queued'
FROM unnest(
    %(urls)s::text[],
    %(url_keys)s::bytea[],
    %(hosts)s::text[]
) AS each (url, url_key, host)
ON CONFLICT (job_id, url_key) DO NOTHING;

-- name: return_urls
-- Back to the queue, unharmed: a call did not get to them, or their worker is stopping.
UPDATE frontier
SET state = 'queued'
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND id = ANY(%(ids)s)
RETURNING id;

-- name: return_unheld
-- Back to the queue: claimed in the database, but not in the orchestrator's hand.
UPDATE frontier
SET state = 'queued'
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND NOT id = ANY(%(ids)s::bigint[])
RETURNING id;

-- name: return_to_wait
-- Back to the queue until their time has come: they failed in passing, and begin anew; or they were
-- led to a host that has no turn for them, and wait there. The call itself did not fail.
UPDATE frontier
SET state = 'queued',
    reason = coalesce(each.reason, frontier.reason),
    not_before = clock_timestamp() + each.after_ms * interval '1 millisecond',
    attempts = least(frontier.attempts + each.attempts, 30000),
    trail = each.trail::jsonb,
    host = coalesce(each.host, substring(frontier.url FROM '^[a-z]+://([^/]*)'), ''),
    failed_calls = 0,
    lost_calls = 0
FROM unnest(
    %(ids)s::bigint[],
    %(reasons)s::text[],
    %(after_ms)s::bigint[],
    %(attempts)s::integer[],
    %(trails)s::text[],
    %(hosts)s::text[]
) AS each (id, reason, after_ms, attempts, trail, host)
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = each.id
  AND frontier.state = 'claimed'
RETURNING frontier.id, frontier.url;

-- name: return_failed_call
-- Back to the queue after a failed call; the third failure is the last.
UPDATE frontier
SET state = CASE WHEN failed_calls >= %(most)s - 1 THEN 'done' ELSE 'queued' END,
    outcome = CASE WHEN failed_calls >= %(most)s - 1 THEN 'failed' END,
    reason = CASE WHEN failed_calls >= %(most)s - 1 THEN 'function-error' END,
    failed_calls = failed_calls + 1
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND id = ANY(%(ids)s)
RETURNING id, url, depth, state;

-- name: return_lost
-- Everything a lost orchestrator had in hand. Its death is not the URLs' fault, or only after
-- several deaths; then it is contained like a failed call.
UPDATE frontier
SET state = CASE WHEN lost_calls >= %(most)s - 1 THEN 'done' ELSE 'queued' END,
    outcome = CASE WHEN lost_calls >= %(most)s - 1 THEN 'failed' END,
    reason = CASE WHEN lost_calls >= %(most)s - 1 THEN 'function-error' END,
    lost_calls = lost_calls + 1
WHERE job_id = %(job_id)s
  AND state = 'claimed'
RETURNING id, state;

-- name: return_all_claimed
UPDATE frontier
SET state = 'queued'
WHERE job_id = %(job_id)s
  AND state = 'claimed'
RETURNING id;

-- name: known_by_key
-- What the job knows of some URLs.
SELECT id, url_key, depth, state, alias_of
FROM frontier
WHERE job_id = %(job_id)s
  AND url_key = ANY(%(url_keys)s::bytea[]);

-- name: redirect_targets
-- What the job knows of some URLs, and the page that each is: its own, that of the URL whose alias
-- it is, or of which that or itself is a duplicate. Without a page: waiting, in hand or failed.
SELECT target.id, target.url_key, target.depth, target.state, target.outcome, target.reason,
    target.alias_of, page.id AS page_id
FROM frontier AS target
LEFT JOIN frontier AS owner
    ON owner.job_id = %(job_id)s
   AND owner.id = target.alias_of
LEFT JOIN LATERAL (
    SELECT id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = coalesce(owner.duplicate_of, owner.id, target.duplicate_of, target.id)
      AND outcome IN ('fetched', 'cached')
    LIMIT 1
) AS page
    ON true
WHERE target.job_id = %(job_id)s
  AND target.url_key = ANY(%(url_keys)s::bytea[]);

-- name: settle
-- Outcomes of claimed URLs; rows that are no longer claimed are not touched.
UPDATE frontier
SET state = each.state,
    outcome = each.outcome,
    reason = each.reason,
    duplicate_of = each.duplicate_of,
    trail = NULL,
    failed_calls = 0,
    lost_calls = 0
FROM unnest(
    %(ids)s::bigint[],
    %(states)s::text[],
    %(outcomes)s::text[],
    %(reasons)s::text[],
    %(duplicates_of)s::bigint[]
) AS each (id, state, outcome, reason, duplicate_of)
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = each.id
  AND frontier.state = 'claimed'
RETURNING frontier.id, frontier.depth;

-- name: hand_claim_over
-- A redirect led to a URL that has no page yet: the claim passes to it, under the smaller depth.
UPDATE frontier
SET state = 'claimed',
    outcome = NULL,
    reason = NULL,
    duplicate_of = NULL,
    not_before = NULL,
    depth = least(frontier.depth, %(depth)s)
WHERE job_id = %(job_id)s
  AND id = %(id)s;

-- name: lock_claimed
-- The URLs of a result that are still in this orchestrator's hand, with their present depth.
SELECT id, url, depth
FROM frontier
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND id = ANY(%(ids)s)
ORDER BY id
FOR UPDATE;

-- name: insert_aliases
-- Redirect targets: known from now on, so that no link leads to a second fetch.
INSERT INTO frontier (job_id, url, url_key, host, depth, state, alias_of)
SELECT %(job_id)s, each.url, each.url_key, each.host, each.depth, 'alias', each.alias_of
FROM unnest(
    %(urls)s::text[],
    %(url_keys)s::bytea[],
    %(hosts)s::text[],
    %(depths)s::integer[],
    %(alias_of)s::bigint[]
) AS each (url, url_key, host, depth, alias_of)
ON CONFLICT (job_id, url_key) DO NOTHING;

-- name: discover
-- New URLs, and known ones that were found again closer to a root.
INSERT INTO frontier (job_id, url, url_key, host, depth, state, found_on)
SELECT %(job_id)s, each.url, each.url_key, each.host, each.depth, each.state, each.found_on
FROM unnest(
    %(urls)s::text[],
    %(url_keys)s::bytea[],
    %(hosts)s::text[],
    %(depths)s::integer[],
    %(states)s::text[],
    %(found_on)s::bigint[]
) WITH ORDINALITY AS each (url, url_key, host, depth, state, found_on, position)
ORDER BY each.position
ON CONFLICT (job_id, url_key) DO UPDATE
SET depth = excluded.depth,
    found_on = excluded.found_on
WHERE frontier.depth > excluded.depth
RETURNING id, url_key, depth, state, alias_of, (xmax = 0) AS inserted;

-- name: lower_depths
-- Targets of aliases that were found closer to a root.
UPDATE frontier
SET depth = each.depth
FROM unnest(%(ids)s::bigint[], %(depths)s::integer[]) AS each (id, depth)
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = each.id
  AND frontier.depth > each.depth
RETURNING frontier.id, frontier.depth, frontier.state, frontier.alias_of;

-- name: queue_beyond_ids
UPDATE frontier
SET state = 'queued'
WHERE job_id = %(job_id)s
  AND state = 'beyond'
  AND id = ANY(%(ids)s)
RETURNING id, depth;

-- name: queue_beyond
-- A slice of what a raised depth lets in.
WITH next AS (
    SELECT job_id, id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state = 'beyond'
      AND depth <= %(max_depth)s
    ORDER BY depth, id
    LIMIT %(limit)s
)
UPDATE frontier
SET state = 'queued'
FROM next
WHERE frontier.job_id = next.job_id
  AND frontier.id = next.id
RETURNING frontier.id, frontier.depth;

-- name: put_beyond
-- A slice of what a lowered depth leaves out.
WITH next AS (
    SELECT job_id, id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state = 'queued'
      AND depth > %(max_depth)s
    LIMIT %(limit)s
)
UPDATE frontier
SET state = 'beyond',
    reason = NULL,
    not_before = NULL
FROM next
WHERE frontier.job_id = next.job_id
  AND frontier.id = next.id
RETURNING frontier.id;

-- name: skip_over_limit
-- A slice of what waits when the page limit is reached.
WITH next AS (
    SELECT job_id, id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state = 'queued'
    LIMIT %(limit)s
)
UPDATE frontier
SET state = 'done',
    outcome = 'skipped',
    reason = 'page-limit',
    not_before = NULL
FROM next
WHERE frontier.job_id = next.job_id
  AND frontier.id = next.id
RETURNING frontier.id;

-- name: requeue_over_limit
-- A slice of what a raised page limit lets in.
WITH next AS (
    SELECT job_id, id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND reason = 'page-limit'
    ORDER BY id
    LIMIT %(limit)s
)
UPDATE frontier
SET state = 'queued',
    outcome = NULL,
    reason = NULL
FROM next
WHERE frontier.job_id = next.job_id
  AND frontier.id = next.id
RETURNING frontier.id, frontier.depth;

-- name: requeue_failed
-- A slice of failed URLs for another try, with the reasons that they had. They begin anew.
WITH failed AS (
    SELECT job_id, id, reason
    FROM frontier
    WHERE job_id = %(job_id)s
      AND outcome = 'failed'
      AND id > %(after)s
    ORDER BY id
    LIMIT %(limit)s
)
UPDATE frontier
SET state = 'queued',
    outcome = NULL,
    reason = NULL,
    attempts = 0,
    trail = NULL,
    host = coalesce(substring(frontier.url FROM '^[a-z]+://([^/]*)'), ''),
    failed_calls = 0,
    lost_calls = 0
FROM failed
WHERE frontier.job_id = failed.job_id
  AND frontier.id = failed.id
RETURNING frontier.id, frontier.depth, failed.reason;

-- name: retry_position
-- How far failed URLs were queued for another try; no row where none is asked for.
SELECT retry_after
FROM jobs
WHERE id = %(job_id)s
  AND retry_after IS NOT NULL;

-- name: begin_retry
-- The orchestrator, if there is one already, is to look at the queue anew.
UPDATE jobs
SET retry_after = 0,
    options_version = options_version + 1
WHERE id = %(job_id)s;

-- name: set_retry_position
UPDATE jobs
SET retry_after = %(after)s
WHERE id = %(job_id)s;

-- name: first_url
-- What became of the first root.
SELECT
    frontier.reason,
    pages.detail
FROM frontier
LEFT JOIN pages ON pages.job_id = frontier.job_id AND pages.id = frontier.id
WHERE frontier.job_id = %(job_id)s
ORDER BY frontier.id
LIMIT 1;

-- name: something_to_do
-- Whether a job would find anything: waiting, let in by raised limits, or unfinished.
SELECT EXISTS (
        SELECT 1 FROM frontier
        WHERE job_id = %(job_id)s
          AND state IN ('queued', 'claimed', 'fetched')
    ) OR EXISTS (
        SELECT 1 FROM frontier
        WHERE job_id = %(job_id)s
          AND state = 'beyond'
          AND (%(max_depth)s IS NULL OR depth <= %(max_depth)s)
    ) OR (%(room)s AND EXISTS (
        SELECT 1 FROM frontier
        WHERE job_id = %(job_id)s
          AND reason = 'page-limit'
    )) OR EXISTS (
        SELECT 1 FROM pages
        WHERE job_id = %(job_id)s
          AND stale
    ) AS anything;

-- name: left_out
-- What a job left out, by reason: deeper than its limit, and skipped URLs.
SELECT CASE WHEN state = 'beyond' THEN 'depth' ELSE reason END AS reason,
    count(*) AS count
FROM frontier
WHERE job_id = %(job_id)s
  AND (state = 'beyond' OR outcome = 'skipped')
GROUP BY 1
ORDER BY 2 DESC;
