-- name: insert_job
-- A new job; a repeated Idempotency-Key inserts nothing.
INSERT INTO jobs (
    id, urls, options, scope_bases, idempotency_key, request_hash, credentials, excluded_rules,
    based_on
)
VALUES (
    %(id)s,
    %(urls)s,
    %(options)s,
    %(urls)s,
    %(idempotency_key)s,
    %(request_hash)s,
    %(credentials)s,
    %(excluded_rules)s,
    %(based_on)s
)
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id;

-- name: job_by_idempotency_key
SELECT id, request_hash
FROM jobs
WHERE idempotency_key = %(idempotency_key)s
  AND deleted_at IS NULL;

-- name: release_idempotency_key
-- A deleted job no longer answers for its key.
UPDATE jobs
SET idempotency_key = NULL
WHERE idempotency_key = %(idempotency_key)s
  AND deleted_at IS NOT NULL;

-- name: lock_job
-- The first statement of every transaction that writes a job: the one lock order.
SELECT status, error, options, scope_bases, epoch, last_event_id, options_version, urls,
    discovered, queued, processing, completed, failed, skipped,
    from_cache, processed, process_failed, bytes, reasons, links_left_out,
    excluded_rules, excluded_until, stale_after
FROM jobs
WHERE id = %(job_id)s
  AND deleted_at IS NULL
FOR NO KEY UPDATE;

-- name: lock_job_as_owner
-- The same for the orchestrator: no row means that another epoch has begun.
SELECT status, error, options, scope_bases, epoch, last_event_id, options_version, urls,
    discovered, queued, processing, completed, failed, skipped,
    from_cache, processed, process_failed, bytes, reasons, links_left_out,
    excluded_rules, excluded_until, stale_after
FROM jobs
WHERE id = %(job_id)s
  AND epoch = %(epoch)s
  AND deleted_at IS NULL
FOR NO KEY UPDATE;

-- name: commit_durably
-- For a change that was locked lazily and came to tell something.
SET LOCAL synchronous_commit = on;

-- name: running_jobs
-- How many jobs run, asked one at a time: whoever may start another commits before the next asks.
SELECT pg_advisory_xact_lock(%(lock)s);
SELECT count(*) AS running
FROM jobs
WHERE status = 'running'
  AND deleted_at IS NULL;

-- name: lock_job_lazily
-- The same for a change that need not wait for the disk: a claim that is lost to a crash of the
-- database is a claim to make again.
SET LOCAL synchronous_commit = off;
SELECT status, error, options, scope_bases, epoch, last_event_id, options_version, urls,
    discovered, queued, processing, completed, failed, skipped,
    from_cache, processed, process_failed, bytes, reasons, links_left_out,
    excluded_rules, excluded_until, stale_after
FROM jobs
WHERE id = %(job_id)s
  AND epoch = %(epoch)s
  AND deleted_at IS NULL
FOR NO KEY UPDATE;

-- name: save_job
-- Adds to the totals, takes event ids and tells the time at which they were taken.
UPDATE jobs
SET status = %(status)s,
    error = %(error)s,
    discovered = discovered + %(discovered)s,
    queued = queued + %(queued)s,
    processing = processing + %(processing)s,
    completed = completed + %(completed)s,
    failed = failed + %(failed)s,
    skipped = skipped + %(skipped)s,
    from_cache = from_cache + %(from_cache)s,
    processed = processed + %(processed)s,
    process_failed = process_failed + %(process_failed)s,
    bytes = bytes + %(bytes)s,
    links_left_out = %(links_left_out)s,
    reasons = %(reasons)s,
    last_event_id = last_event_id + %(events)s,
    started_at = CASE
        WHEN %(status)s = 'running' THEN coalesce(started_at, clock_timestamp())
        ELSE started_at
    END,
    finished_at = CASE
        WHEN NOT %(terminal)s THEN NULL
        ELSE coalesce(finished_at, clock_timestamp())
    END
WHERE id = %(job_id)s
RETURNING last_event_id,
    to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
    discovered, queued, processing, completed, failed, skipped,
    from_cache, processed, process_failed, bytes, reasons;

-- name: links_left_out
SELECT links_left_out
FROM jobs
WHERE id = %(job_id)s;

-- name: set_scope_bases
-- Links of all pages that are there are to be judged anew.
UPDATE jobs
SET scope_bases = %(scope_bases)s,
    stale_after = 0
WHERE id = %(job_id)s;

-- name: set_stale_after
-- How far pages were marked stale since the scope moved; NULL: all of them.
UPDATE jobs
SET stale_after = %(after)s
WHERE id = %(job_id)s;

-- name: set_options
UPDATE jobs
SET options = %(options)s,
    options_version = options_version + 1
WHERE id = %(job_id)s;

-- name: set_excluded
-- How far the queue was held against the exclude rules.
UPDATE jobs
SET excluded_rules = %(rules)s,
    excluded_until = %(until)s
WHERE id = %(job_id)s;

-- name: recount
-- Totals from the rows themselves: for a resumed job, which may hold late results.
UPDATE jobs
SET discovered = counted.discovered,
    queued = counted.queued,
    processing = counted.processing,
    completed = counted.completed,
    failed = counted.failed,
    skipped = counted.skipped,
    processed = counted.processed,
    process_failed = counted.process_failed,
    reasons = coalesce(explained.reasons, '{}')
FROM (
    SELECT count(*) AS discovered,
        count(*) FILTER (WHERE state = 'queued') AS queued,
        count(*) FILTER (WHERE state = 'claimed') AS processing,
        count(*) FILTER (WHERE outcome IN ('fetched', 'cached')) AS completed,
        count(*) FILTER (WHERE outcome = 'failed') AS failed,
        count(*) FILTER (WHERE outcome = 'skipped') AS skipped,
        count(*) FILTER (WHERE content = 'stored') AS processed,
        count(*) FILTER (WHERE content = 'failed') AS process_failed
    FROM frontier
    WHERE job_id = %(job_id)s
      AND state NOT IN ('beyond', 'alias')
) AS counted, (
    SELECT jsonb_object_agg(reason, urls) AS reasons
    FROM (
        SELECT reason, count(*) AS urls
        FROM frontier
        WHERE job_id = %(job_id)s
          AND outcome IN ('failed', 'skipped')
        GROUP BY reason
    ) AS by_reason
) AS explained
WHERE id = %(job_id)s;

-- name: insert_events
INSERT INTO events (job_id, id, body)
SELECT %(job_id)s, each.id, each.body
FROM unnest(%(ids)s::bigint[], %(bodies)s::text[]) AS each (id, body);

-- name: events_after
SELECT body
FROM events
WHERE job_id = %(job_id)s
  AND id > %(after)s
  AND id <= %(until)s
ORDER BY id
LIMIT %(limit)s;

-- name: newest_events
SELECT body
FROM events
WHERE job_id = %(job_id)s
ORDER BY id DESC
LIMIT %(limit)s;

-- name: job
SELECT jobs.*,
    leases.host AS owner_host,
    leases.pid AS owner_pid,
    leases.epoch AS owner_epoch
FROM jobs
LEFT JOIN leases
    ON leases.job_id = jobs.id
   AND leases.state = 'held'
   AND leases.expires_at > clock_timestamp()
WHERE jobs.id = %(job_id)s
  AND jobs.deleted_at IS NULL;

-- name: jobs
SELECT jobs.*,
    leases.host AS owner_host,
    leases.pid AS owner_pid,
    leases.epoch AS owner_epoch
FROM jobs
LEFT JOIN leases
    ON leases.job_id = jobs.id
   AND leases.state = 'held'
   AND leases.expires_at > clock_timestamp()
WHERE jobs.deleted_at IS NULL
  AND (%(before)s IS NULL
       OR (jobs.created_at, jobs.id) < (%(before)s::timestamptz, %(before_id)s))
ORDER BY jobs.created_at DESC, jobs.id DESC
LIMIT %(limit)s;

-- name: watch
-- What every watched job has come to, in one statement per worker.
SELECT id, last_event_id, status
FROM jobs
WHERE id = ANY(%(job_ids)s)
  AND deleted_at IS NULL;

-- name: mark_deleted
-- Hides the job at once and fences its orchestrator; the rows go in slices afterwards.
UPDATE jobs
SET deleted_at = clock_timestamp(),
    epoch = epoch + 1
WHERE id = %(job_id)s;
