-- name: rows_by_reason
-- URLs that gave no page for one reason, in the order in which they were found.
SELECT frontier.id, frontier.url, frontier.outcome, frontier.reason, frontier.depth,
    frontier.found_on, frontier.content, frontier.duplicate_of, frontier.attempts,
    frontier.not_before,
    pages.final_url, pages.http_status, pages.title, pages.ms, pages.bytes,
    pages.content_type, pages.content_hash, pages.fetched_at, pages.detail
FROM frontier
LEFT JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.reason = %(reason)s
  AND frontier.outcome IS NOT NULL
ORDER BY frontier.id
LIMIT %(limit)s;

-- name: sitemaps_left_out
SELECT sitemaps_left_out AS sitemaps
FROM jobs
WHERE id = %(job_id)s;

-- name: count_beyond
SELECT count(*) AS urls
FROM frontier
WHERE job_id = %(job_id)s
  AND state = 'beyond';

-- name: beyond_samples
-- Some of the URLs that are deeper than the job goes, the nearest first.
SELECT 'depth' AS reason, url, found_on
FROM frontier
WHERE job_id = %(job_id)s
  AND state = 'beyond'
ORDER BY depth, id
LIMIT %(limit)s;

-- name: samples
-- Some links of each reason that leave the job.
SELECT reason, url, found_on
FROM (
    SELECT reason, url, found_on,
        row_number() OVER (PARTITION BY reason ORDER BY found_on, url) AS number
    FROM left_out
    WHERE job_id = %(job_id)s
) AS numbered
WHERE number <= %(limit)s
ORDER BY reason, number;

-- name: patterns_over_budget
-- With how many there are in all.
SELECT pattern, urls, left_out, count(*) OVER () AS total
FROM url_patterns
WHERE job_id = %(job_id)s
  AND left_out > 0
ORDER BY left_out DESC, pattern
LIMIT %(limit)s;

-- name: sitemaps_used
-- With how many there are in all. One that nobody named, but was looked for in the usual place, is
-- none where it is not there.
SELECT url, state, reason, listed, is_broken, count(*) OVER () AS total
FROM sitemaps
WHERE job_id = %(job_id)s
  AND NOT (
    level = 0
    AND url ~ '^[a-z]+://[^/]+/sitemap\.xml$'
    AND coalesce(reason, '') IN ('http-403', 'http-404', 'http-410', 'broken-response', 'robots')
  )
ORDER BY id
LIMIT %(limit)s;
