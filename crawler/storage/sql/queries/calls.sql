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
-- Whether a redirect's target needs no further fetch: the job has its page, under its own URL or
-- another. What is only in hand may be a redirect itself, or fail.
SELECT 1
FROM frontier AS target
LEFT JOIN frontier AS owner
    ON owner.job_id = %(job_id)s
   AND owner.id = target.alias_of
CROSS JOIN LATERAL (
    SELECT id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = coalesce(owner.duplicate_of, owner.id, target.duplicate_of, target.id)
      AND outcome IN ('fetched', 'cached')
    LIMIT 1
) AS page
WHERE target.job_id = %(job_id)s
  AND target.url_key = %(url_key)s
  AND page.id <> %(id)s;
