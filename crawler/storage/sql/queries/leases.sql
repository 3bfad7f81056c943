-- name: ownerless_jobs
-- Jobs that should run and have no living orchestrator, longest waiting first; queued ones only
-- while fewer jobs run than may.
SELECT jobs.id
FROM jobs
LEFT JOIN leases ON leases.job_id = jobs.id
WHERE jobs.status IN ('queued', 'running')
  AND jobs.deleted_at IS NULL
  AND (jobs.status = 'running'
       OR %(most_running)s::integer IS NULL
       OR (SELECT count(*)
           FROM jobs
           WHERE status = 'running'
             AND deleted_at IS NULL) < %(most_running)s::integer)
  AND (leases.job_id IS NULL
       OR leases.state <> 'held'
       OR leases.expires_at < clock_timestamp())
ORDER BY jobs.created_at
LIMIT %(limit)s;

-- name: lease_to_take
-- The job's lease as whoever wants it finds it, under the job's lock.
SELECT epoch, state, ran_ms,
    state = 'held' AND expires_at >= clock_timestamp() AS living
FROM leases
WHERE job_id = %(job_id)s
FOR UPDATE;

-- name: raise_epoch
UPDATE jobs
SET epoch = epoch + 1
WHERE id = %(job_id)s
RETURNING epoch;

-- name: take_lease
INSERT INTO leases (job_id, epoch, host, pid, state, expires_at, renewed_at)
VALUES (
    %(job_id)s,
    %(epoch)s,
    %(host)s,
    %(pid)s,
    'held',
    clock_timestamp() + %(seconds)s * interval '1 second',
    clock_timestamp()
)
ON CONFLICT (job_id) DO UPDATE
SET epoch = excluded.epoch,
    host = excluded.host,
    pid = excluded.pid,
    state = excluded.state,
    expires_at = excluded.expires_at,
    renewed_at = excluded.renewed_at
RETURNING ran_ms;

-- name: renew_lease
-- Counts the time run, too: what lies beyond the lease (a laptop asleep, the database away) was not
-- run under it. No row: another epoch holds the job.
UPDATE leases
SET expires_at = clock_timestamp() + %(seconds)s * interval '1 second',
    ran_ms = ran_ms + extract(epoch FROM least(clock_timestamp(), expires_at) - renewed_at) * 1000,
    renewed_at = clock_timestamp()
WHERE job_id = %(job_id)s
  AND epoch = %(epoch)s
  AND state = 'held'
  AND EXISTS (
        SELECT 1
        FROM jobs
        WHERE jobs.id = leases.job_id
          AND jobs.epoch = leases.epoch
          AND jobs.deleted_at IS NULL
    )
RETURNING ran_ms,
    (SELECT status FROM jobs WHERE id = %(job_id)s) AS status,
    (SELECT options_version FROM jobs WHERE id = %(job_id)s) AS options_version;

-- name: release_lease
-- handed-over: another worker shall go on; ended: there is nothing to go on with.
UPDATE leases
SET state = %(state)s,
    ran_ms = ran_ms + extract(epoch FROM least(clock_timestamp(), expires_at) - renewed_at) * 1000,
    renewed_at = clock_timestamp(),
    expires_at = clock_timestamp()
WHERE job_id = %(job_id)s
  AND epoch = %(epoch)s
  AND state = 'held';

-- name: restart_time_limit
UPDATE leases
SET ran_ms = 0
WHERE job_id = %(job_id)s;
