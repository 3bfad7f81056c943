-- name: settled_elsewhere
-- Whether a redirect's target needs no further fetch: the job knows it, and not as waiting.
SELECT 1
FROM frontier
WHERE job_id = %(job_id)s
  AND url_key = %(url_key)s
  AND id <> %(id)s
  AND coalesce(alias_of, 0) <> %(id)s
  AND state NOT IN ('queued', 'beyond');
