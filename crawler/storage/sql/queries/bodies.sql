-- name: insert_bodies
-- Each body once; a known one is touched, so that collection leaves it alone. A new one is looked
-- at in an hour: no page refers to it if its call's results were dropped. It need not wait for the
-- disk: the commit of the page that refers to it does, and what came before that is there with it.
SET LOCAL synchronous_commit = off;
WITH kept AS (
    INSERT INTO bodies (hash, data, size)
    SELECT each.*
    FROM unnest(%(hashes)s::bytea[], %(data)s::bytea[], %(sizes)s::bigint[]) AS each
    ON CONFLICT (hash) DO UPDATE
    SET touched_at = clock_timestamp()
    WHERE bodies.touched_at < clock_timestamp() - interval '1 minute'
    RETURNING hash, xmax = 0 AS is_new
)
INSERT INTO body_garbage (hash, due_at)
SELECT hash, clock_timestamp() + interval '1 hour'
FROM kept
WHERE is_new
ON CONFLICT (hash) DO NOTHING;

-- name: bodies
-- Those whose sizes sum up to the most bytes that are wanted, but one in any case.
SELECT hash, data
FROM (
    SELECT hash, data, sum(size) OVER (ORDER BY hash) AS bytes, row_number() OVER (ORDER BY hash) AS n
    FROM bodies
    WHERE hash = ANY(%(hashes)s)
) AS wanted
WHERE n = 1
   OR %(most_bytes)s::bigint IS NULL
   OR bytes <= %(most_bytes)s;

-- name: deleted_jobs
-- Jobs whose rows are to go; a worker takes one that no other holds.
SELECT id
FROM jobs
WHERE deleted_at IS NOT NULL
ORDER BY deleted_at
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: purge_events
DELETE FROM events
WHERE job_id = %(job_id)s
  AND id IN (SELECT id FROM events WHERE job_id = %(job_id)s LIMIT %(limit)s)
RETURNING id;

-- name: discard_bodies
-- Remembers which bodies lose a reference, before the rows that refer to them go.
INSERT INTO body_garbage (hash, due_at)
SELECT DISTINCT kept.hash, clock_timestamp() + interval '5 minutes'
FROM pages
CROSS JOIN LATERAL (VALUES (pages.content_hash), (pages.alternate_hash)) AS kept (hash)
WHERE pages.job_id = %(job_id)s
  AND pages.id = ANY(%(ids)s)
  AND kept.hash IS NOT NULL
ON CONFLICT (hash) DO UPDATE
SET due_at = excluded.due_at;

-- name: frontier_slice
SELECT id
FROM frontier
WHERE job_id = %(job_id)s
LIMIT %(limit)s;

-- name: purge_frontier
DELETE FROM frontier
WHERE job_id = %(job_id)s
  AND id = ANY(%(ids)s);

-- name: purge_job
DELETE FROM jobs
WHERE id = %(job_id)s;

-- name: collect_bodies
-- Bodies that nothing refers to, five minutes after their last reference went: longer than any
-- call in flight can hold one that its page does not name yet. One that a call has touched since
-- stays on the list.
WITH due AS (
    DELETE FROM body_garbage
    WHERE hash IN (
        SELECT hash
        FROM body_garbage
        WHERE due_at < clock_timestamp()
          AND NOT EXISTS (
                SELECT 1
                FROM bodies
                WHERE bodies.hash = body_garbage.hash
                  AND bodies.touched_at >= clock_timestamp() - interval '5 minutes'
            )
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING hash
)
DELETE FROM bodies
USING due
WHERE bodies.hash = due.hash
  AND bodies.touched_at < clock_timestamp() - interval '5 minutes'
  AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.content_hash = bodies.hash)
  AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.alternate_hash = bodies.hash)
  AND NOT EXISTS (SELECT 1 FROM http_cache WHERE http_cache.content_hash = bodies.hash);
