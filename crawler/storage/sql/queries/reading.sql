-- name: pages_by_url
-- What the job knows of some URLs: for each the page that it is, its own or the one that it leads
-- to or repeats. Row by row and each by its key: without statistics of job ids a job's rows seem
-- few, and all of them would be read.
SELECT wanted.url_key, page.id, page.url, page.outcome, page.reason,
    coalesce(nullif(documents.title, ''), pages.title, '') AS title,
    documents.id IS NOT NULL AS has_content
FROM unnest(%(url_keys)s::bytea[]) AS wanted (url_key)
CROSS JOIN LATERAL (
    SELECT coalesce(alias_of, id) AS id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND url_key = wanted.url_key
    LIMIT 1
) AS known
CROSS JOIN LATERAL (
    SELECT coalesce(duplicate_of, id) AS id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = known.id
    LIMIT 1
) AS owner
CROSS JOIN LATERAL (
    SELECT id, url, outcome, reason
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = owner.id
      AND state NOT IN ('beyond', 'alias')
    LIMIT 1
) AS page
LEFT JOIN LATERAL (
    SELECT title
    FROM pages
    WHERE job_id = %(job_id)s
      AND id = page.id
    LIMIT 1
) AS pages
    ON true
LEFT JOIN LATERAL (
    SELECT id, title
    FROM documents
    WHERE job_id = %(job_id)s
      AND id = page.id
    LIMIT 1
) AS documents
    ON true;

-- name: neighbours
-- The pages with content before and after one, in the order in which they were found.
SELECT near.id, page.url, page.outcome, page.reason, near.title, true AS has_content
FROM (
    (
        SELECT id, title
        FROM documents
        WHERE job_id = %(job_id)s
          AND id < %(id)s
        ORDER BY id DESC
        LIMIT 1
    )
    UNION ALL
    (
        SELECT id, title
        FROM documents
        WHERE job_id = %(job_id)s
          AND id > %(id)s
        ORDER BY id
        LIMIT 1
    )
) AS near
CROSS JOIN LATERAL (
    SELECT url, outcome, reason
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = near.id
    LIMIT 1
) AS page;
