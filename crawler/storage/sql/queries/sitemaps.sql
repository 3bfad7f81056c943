-- name: sitemaps_add
-- New sitemaps of a job, in the order in which they were named.
INSERT INTO sitemaps (job_id, url, url_key, level)
SELECT %(job_id)s, each.url, each.url_key, %(level)s
FROM unnest(%(urls)s::text[], %(url_keys)s::bytea[])
    WITH ORDINALITY AS each (url, url_key, position)
ORDER BY each.position;

-- name: sitemap_keys
-- A job has few.
SELECT url_key
FROM sitemaps
WHERE job_id = %(job_id)s;

-- name: count_sitemaps_left_out
UPDATE jobs
SET sitemaps_left_out = sitemaps_left_out + %(count)s
WHERE id = %(job_id)s;

-- name: sitemaps_claim
-- The first that waits at a host that is free, and others of that host. A job has few.
WITH ready AS (
    SELECT id, substring(url FROM '^[a-z]+://([^/]*)') AS host
    FROM sitemaps
    WHERE job_id = %(job_id)s
      AND state = 'queued'
      AND (not_before IS NULL OR not_before <= clock_timestamp())
),
first AS (
    SELECT host
    FROM ready
    WHERE NOT host = ANY(%(busy_hosts)s::text[])
      AND (%(only_hosts)s::text[] IS NULL OR host = ANY(%(only_hosts)s::text[]))
    ORDER BY id
    LIMIT 1
),
next AS (
    SELECT ready.id, ready.host
    FROM ready
    JOIN first USING (host)
    ORDER BY ready.id
    LIMIT %(limit)s
)
UPDATE sitemaps
SET state = 'claimed',
    not_before = NULL
FROM next
WHERE sitemaps.job_id = %(job_id)s
  AND sitemaps.id = next.id
RETURNING sitemaps.id, sitemaps.url, sitemaps.level, sitemaps.attempts, next.host;

-- name: sitemaps_next_due
SELECT extract(epoch FROM min(not_before) - clock_timestamp())::float8 AS seconds
FROM sitemaps
WHERE job_id = %(job_id)s
  AND state = 'queued'
  AND not_before IS NOT NULL
HAVING min(not_before) IS NOT NULL;

-- name: sitemaps_open
-- Whether a job has sitemaps to read, or URLs of sitemaps to queue.
SELECT 1
FROM sitemaps
WHERE job_id = %(job_id)s
  AND (state IN ('queued', 'claimed') OR (state = 'read' AND expanded < listed))
LIMIT 1;

-- name: sitemaps_settle
-- What became of claimed sitemaps; with a time to wait they go back to the queue.
UPDATE sitemaps
SET state = CASE
        WHEN each.after_ms IS NOT NULL THEN 'queued'
        WHEN each.reason IS NOT NULL THEN 'failed'
        ELSE 'read'
    END,
    reason = each.reason,
    not_before = clock_timestamp() + each.after_ms * interval '1 ms',
    attempts = attempts + (each.after_ms IS NOT NULL)::integer,
    is_broken = each.is_broken,
    links = each.links,
    listed = each.listed,
    expanded = 0
FROM unnest(
    %(ids)s::bigint[],
    %(reasons)s::text[],
    %(after_ms)s::bigint[],
    %(are_broken)s::boolean[],
    %(links)s::bytea[],
    %(listed)s::integer[]
) AS each (id, reason, after_ms, is_broken, links, listed)
WHERE sitemaps.job_id = %(job_id)s
  AND sitemaps.id = each.id
  AND sitemaps.state = 'claimed'
RETURNING sitemaps.id, sitemaps.level;

-- name: sitemaps_return
-- Back to the queue, unharmed: a call did not get to them.
UPDATE sitemaps
SET state = 'queued'
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND id = ANY(%(ids)s::bigint[]);

-- name: sitemaps_return_unheld
-- Back to the queue: claimed in the database, but not in the orchestrator's hand.
UPDATE sitemaps
SET state = 'queued'
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND NOT id = ANY(%(ids)s::bigint[]);

-- name: sitemaps_return_failed
-- Back to the queue after a failed call or with a lost orchestrator; too many are the last.
UPDATE sitemaps
SET state = CASE WHEN attempts >= %(most)s - 1 THEN 'failed' ELSE 'queued' END,
    reason = CASE WHEN attempts >= %(most)s - 1 THEN 'function-error' END,
    attempts = attempts + 1
WHERE job_id = %(job_id)s
  AND state = 'claimed'
  AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]));

-- name: sitemaps_retry_failed
-- Failed sitemaps for another try.
UPDATE sitemaps
SET state = 'queued',
    reason = NULL,
    attempts = 0
WHERE job_id = %(job_id)s
  AND state = 'failed';

-- name: sitemaps_to_expand
-- A sitemap that lists URLs which are not queued yet, the first that was found.
SELECT id, links, listed, expanded
FROM sitemaps
WHERE job_id = %(job_id)s
  AND state = 'read'
  AND expanded < listed
ORDER BY id
LIMIT 1;

-- name: sitemaps_expanded
-- A slice was queued; with the last one the list has done its duty.
UPDATE sitemaps
SET expanded = %(expanded)s,
    links = CASE WHEN %(expanded)s < listed THEN links END
WHERE job_id = %(job_id)s
  AND id = %(id)s;
