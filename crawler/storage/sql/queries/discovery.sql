-- name: charge_patterns
-- Adds to what the job took and left out of some patterns; tells how much it took of each.
INSERT INTO url_patterns (job_id, pattern_key, pattern, urls, left_out)
SELECT %(job_id)s, each.*
FROM unnest(
    %(pattern_keys)s::bytea[],
    %(patterns)s::text[],
    %(urls)s::integer[],
    %(left_out)s::integer[]
) AS each
ON CONFLICT (job_id, pattern_key) DO UPDATE
SET urls = url_patterns.urls + excluded.urls,
    left_out = url_patterns.left_out + excluded.left_out
RETURNING pattern, urls;

-- name: insert_samples
-- Links that leave the job, until there are enough for its report.
INSERT INTO left_out (job_id, reason, url_key, url, found_on)
SELECT %(job_id)s, each.reason, each.url_key, each.url, each.found_on
FROM (
    SELECT asked.*, row_number() OVER (PARTITION BY asked.reason ORDER BY asked.position) AS number
    FROM unnest(
        %(reasons)s::text[],
        %(url_keys)s::bytea[],
        %(urls)s::text[],
        %(found_on)s::bigint[]
    ) WITH ORDINALITY AS asked (reason, url_key, url, found_on, position)
    WHERE NOT EXISTS (
            SELECT 1
            FROM left_out
            WHERE left_out.job_id = %(job_id)s
              AND left_out.reason = asked.reason
              AND left_out.url_key = asked.url_key
        )
) AS each
WHERE each.number + (
        SELECT count(*)
        FROM left_out
        WHERE left_out.job_id = %(job_id)s
          AND left_out.reason = each.reason
    ) <= %(most)s
ON CONFLICT (job_id, reason, url_key) DO NOTHING;
