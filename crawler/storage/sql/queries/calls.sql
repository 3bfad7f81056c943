-- name: call_standing
-- Whether a call of this epoch may go on fetching, and the pace that the job has now.
SELECT epoch = %(epoch)s AND status = 'running' AS current,
    (options ->> 'concurrency')::integer AS concurrency,
    (options ->> 'delayMs')::integer AS delay_ms
FROM jobs
WHERE id = %(job_id)s
  AND deleted_at IS NULL;

-- name: call_credentials
SELECT credentials
FROM jobs
WHERE id = %(job_id)s
  AND deleted_at IS NULL
  AND credentials IS NOT NULL;

-- name: settled_elsewhere
-- Whether a redirect's target needs no further fetch: the job knows it, and not as waiting.
SELECT 1
FROM frontier
WHERE job_id = %(job_id)s
  AND url_key = %(url_key)s
  AND id <> %(id)s
  AND coalesce(alias_of, 0) <> %(id)s
  AND state NOT IN ('queued', 'beyond');
