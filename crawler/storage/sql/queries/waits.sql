-- name: waits
-- Hosts whose URLs are to be tried again later, the next one first.
SELECT host,
    count(*) AS urls,
    mode() WITHIN GROUP (ORDER BY reason) AS reason,
    min(not_before) AS next_at,
    greatest(0, extract(epoch FROM min(not_before) - clock_timestamp()))::float AS next_in_seconds
FROM frontier
WHERE job_id = %(job_id)s
  AND not_before IS NOT NULL
GROUP BY host
ORDER BY next_at
LIMIT %(limit)s;
