-- name: charge_patterns
-- Takes the budgets of patterns for URLs that the job does not know; tells those that are over.
WITH asked AS (
    SELECT each.*
    FROM unnest(
        %(url_keys)s::bytea[],
        %(pattern_keys)s::bytea[],
        %(patterns)s::text[],
        %(budgets)s::integer[]
    ) WITH ORDINALITY AS each (url_key, pattern_key, pattern, budget, position)
    WHERE NOT EXISTS (
            SELECT 1
            FROM frontier
            WHERE frontier.job_id = %(job_id)s
              AND frontier.url_key = each.url_key
        )
),
judged AS (
    SELECT asked.url_key, asked.pattern_key, asked.pattern,
        coalesce(url_patterns.urls, 0)
            + row_number() OVER (PARTITION BY asked.pattern_key ORDER BY asked.position)
            <= asked.budget AS fits
    FROM asked
    LEFT JOIN url_patterns
        ON url_patterns.job_id = %(job_id)s
       AND url_patterns.pattern_key = asked.pattern_key
),
charged AS (
    INSERT INTO url_patterns (job_id, pattern_key, pattern, urls, left_out)
    SELECT %(job_id)s, pattern_key, min(pattern),
        count(*) FILTER (WHERE fits),
        count(*) FILTER (WHERE NOT fits)
    FROM judged
    GROUP BY pattern_key
    ON CONFLICT (job_id, pattern_key) DO UPDATE
    SET urls = url_patterns.urls + excluded.urls,
        left_out = url_patterns.left_out + excluded.left_out
)
SELECT url_key
FROM judged
WHERE NOT fits;

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
