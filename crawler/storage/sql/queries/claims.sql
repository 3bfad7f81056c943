-- name: roots_open
-- A root that may still move the scope: in hand, or about to be at a host that is not busy. One
-- that failed in passing holds nobody back.
SELECT 1
FROM frontier
WHERE job_id = %(job_id)s
  AND state IN ('queued', 'claimed')
  AND depth = 0
  AND attempts = 0
  AND not_before IS NULL
  AND (state = 'claimed' OR NOT host = ANY(%(busy_hosts)s::text[]))
LIMIT 1;

-- name: claim_urls
-- What is due waits no longer. Then the nearest URL at a host that is free is sought at the head of
-- the queue; where that is full of others, among the first URLs of all hosts, or of the only ones
-- that count, one index probe for each. Its batch is breadth first, of one host and one depth.
UPDATE frontier
SET not_before = NULL
WHERE job_id = %(job_id)s
  AND not_before <= clock_timestamp();
WITH RECURSIVE ahead AS (
    SELECT host, depth
    FROM (
        SELECT host, depth, id
        FROM frontier
        WHERE job_id = %(job_id)s
          AND state = 'queued'
          AND not_before IS NULL
          AND depth <= %(max_depth)s
        ORDER BY depth, id
        LIMIT %(look_ahead)s
    ) AS head
    WHERE NOT host = ANY(%(busy_hosts)s::text[])
      AND (%(only_hosts)s::text[] IS NULL OR host = ANY(%(only_hosts)s::text[]))
    ORDER BY depth, id
    LIMIT 1
),
hosts AS (
    (
        SELECT host, depth, id, 0 AS free_before
        FROM frontier
        WHERE job_id = %(job_id)s
          AND state = 'queued'
          AND not_before IS NULL
          AND %(only_hosts)s::text[] IS NULL
          AND NOT EXISTS (SELECT 1 FROM ahead)
        ORDER BY host, depth, id
        LIMIT 1
    )
    UNION ALL
    SELECT next.host, next.depth, next.id,
        hosts.free_before + (NOT hosts.host = ANY(%(busy_hosts)s::text[]))::integer
    FROM hosts
    CROSS JOIN LATERAL (
        SELECT host, depth, id
        FROM frontier
        WHERE job_id = %(job_id)s
          AND state = 'queued'
          AND not_before IS NULL
          AND host > hosts.host
        ORDER BY host, depth, id
        LIMIT 1
    ) AS next
    WHERE hosts.free_before < %(most_hosts)s
),
named AS (
    SELECT next.host, next.depth, next.id
    FROM unnest(%(only_hosts)s::text[]) AS open_host (host)
    CROSS JOIN LATERAL (
        SELECT host, depth, id
        FROM frontier
        WHERE job_id = %(job_id)s
          AND state = 'queued'
          AND not_before IS NULL
          AND host = open_host.host
        ORDER BY depth, id
        LIMIT 1
    ) AS next
    WHERE NOT EXISTS (SELECT 1 FROM ahead)
),
nearest AS (
    SELECT host, depth
    FROM ahead
    UNION ALL
    (
        SELECT host, depth
        FROM (SELECT host, depth, id FROM hosts UNION ALL TABLE named) AS found
        WHERE depth <= %(max_depth)s
          AND NOT host = ANY(%(busy_hosts)s::text[])
        ORDER BY depth, id
        LIMIT 1
    )
),
open AS (
    SELECT host, depth
    FROM nearest
    WHERE depth = 0
       OR NOT EXISTS (
            SELECT 1
            FROM frontier
            WHERE job_id = %(job_id)s
              AND state = 'claimed'
              AND depth = 0
              AND attempts = 0
       )
),
innocent AS (
    SELECT job_id, id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state = 'queued'
      AND not_before IS NULL
      AND host = (SELECT host FROM open)
      AND depth = (SELECT depth FROM open)
      AND failed_calls + lost_calls < 2
    ORDER BY id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),
suspect AS (
    SELECT job_id, id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state = 'queued'
      AND not_before IS NULL
      AND host = (SELECT host FROM open)
      AND depth = (SELECT depth FROM open)
      AND failed_calls + lost_calls >= 2
      AND NOT EXISTS (SELECT 1 FROM innocent)
    ORDER BY id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
),
next AS (
    SELECT job_id, id FROM innocent
    UNION ALL
    SELECT job_id, id FROM suspect
)
UPDATE frontier
SET state = 'claimed'
FROM next
WHERE frontier.job_id = next.job_id
  AND frontier.id = next.id
RETURNING frontier.id, frontier.url, frontier.host, frontier.depth, frontier.attempts,
    frontier.trail;

-- name: next_due
-- Seconds until the next URL that waits is due.
SELECT extract(epoch FROM not_before - clock_timestamp())::float8 AS seconds
FROM frontier
WHERE job_id = %(job_id)s
  AND not_before IS NOT NULL
ORDER BY not_before
LIMIT 1;

-- name: excluded_slice
-- Waiting URLs after an id, for new rules to be held against them.
SELECT id, url, state, found_on
FROM frontier
WHERE job_id = %(job_id)s
  AND id > %(after)s
  AND state IN ('queued', 'beyond')
ORDER BY id
LIMIT %(limit)s;

-- name: skip_excluded
-- Joined: held against a list of thousands, each of a job's rows may be compared with all of it.
UPDATE frontier
SET state = 'done',
    outcome = 'skipped',
    reason = 'excluded',
    not_before = NULL
FROM unnest(%(ids)s::bigint[]) AS excluded (id)
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = excluded.id
  AND frontier.state IN ('queued', 'claimed')
RETURNING frontier.id;

-- name: forget_excluded
-- URLs beyond the depth are no part of the job yet: they become links that were not followed.
DELETE FROM frontier
USING unnest(%(ids)s::bigint[]) AS excluded (id)
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = excluded.id
  AND frontier.state = 'beyond';
