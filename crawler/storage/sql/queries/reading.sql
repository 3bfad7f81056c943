-- name: pages_by_url
-- What the job knows of some URLs: for each the page that it is, its own or the one that it leads
-- to or repeats.
SELECT known.url_key, page.id, page.url, page.outcome, page.reason,
    coalesce(nullif(documents.title, ''), pages.title, '') AS title,
    documents.id IS NOT NULL AS has_content
FROM frontier AS known
JOIN frontier AS owner
    ON owner.job_id = %(job_id)s
   AND owner.id = coalesce(known.alias_of, known.id)
JOIN frontier AS page
    ON page.job_id = %(job_id)s
   AND page.id = coalesce(owner.duplicate_of, owner.id)
LEFT JOIN pages
    ON pages.job_id = %(job_id)s
   AND pages.id = page.id
LEFT JOIN documents
    ON documents.job_id = %(job_id)s
   AND documents.id = page.id
WHERE known.job_id = %(job_id)s
  AND known.url_key = ANY(%(url_keys)s::bytea[])
  AND page.state NOT IN ('beyond', 'alias');

-- name: neighbours
-- The pages with content before and after one, in the order in which they were found.
SELECT near.id, frontier.url, frontier.outcome, frontier.reason, near.title,
    true AS has_content
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
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = near.id;
