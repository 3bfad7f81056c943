-- name: exported_pages
-- Finished pages in reading order, without their content: what an export is planned by.
-- Here and below each row is probed by itself: a planner that does not know yet how many pages the
-- job has would read them all, once for each.
SELECT next.id, known.url, known.depth, coalesce(fetched.final_url, known.url) AS final_url,
    next.length
FROM (
    SELECT id, length
    FROM documents
    WHERE job_id = %(job_id)s
      AND id > %(after)s
    ORDER BY id
    LIMIT %(limit)s
) AS next
CROSS JOIN LATERAL (
    SELECT url, depth
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = next.id
    LIMIT 1
) AS known
CROSS JOIN LATERAL (
    SELECT final_url
    FROM pages
    WHERE job_id = %(job_id)s
      AND id = next.id
    LIMIT 1
) AS fetched
ORDER BY next.id;

-- name: exported_documents
-- Some finished pages in the order of the ids, with their content where they are wanted whole.
-- None of a job that was deleted, even while its rows are still being cleared away.
SELECT wanted.id, known.url, known.depth, coalesce(fetched.final_url, known.url) AS final_url,
    fetched.fetched_at, fetched.content_type,
    document.title, document.description, document.language, document.metadata,
    document.markdown, document.length, document.units
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
CROSS JOIN LATERAL (
    SELECT title, description, language, metadata, length, units,
        CASE WHEN %(whole)s THEN markdown END AS markdown
    FROM documents
    WHERE job_id = %(job_id)s
      AND id = wanted.id
    LIMIT 1
) AS document
CROSS JOIN LATERAL (
    SELECT url, depth
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = wanted.id
    LIMIT 1
) AS known
CROSS JOIN LATERAL (
    SELECT final_url, fetched_at, content_type
    FROM pages
    WHERE job_id = %(job_id)s
      AND id = wanted.id
    LIMIT 1
) AS fetched
WHERE EXISTS (SELECT FROM jobs WHERE id = %(job_id)s AND deleted_at IS NULL)
ORDER BY wanted.place;

-- name: pages_under_urls
-- The finished pages that some URLs lead to: their own, that of a URL whose redirect's target they
-- are, or of which that or they themselves are a duplicate.
SELECT wanted.url_key, page.id, known.url, coalesce(fetched.final_url, known.url) AS final_url
FROM unnest(%(url_keys)s::bytea[]) AS wanted (url_key)
CROSS JOIN LATERAL (
    SELECT id, alias_of, duplicate_of
    FROM frontier
    WHERE job_id = %(job_id)s
      AND url_key = wanted.url_key
    LIMIT 1
) AS target
LEFT JOIN LATERAL (
    SELECT duplicate_of
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = target.alias_of
    LIMIT 1
) AS owner
    ON true
CROSS JOIN LATERAL (
    SELECT id
    FROM documents
    WHERE job_id = %(job_id)s
      AND id = coalesce(owner.duplicate_of, target.alias_of, target.duplicate_of, target.id)
    LIMIT 1
) AS page
CROSS JOIN LATERAL (
    SELECT url
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = page.id
    LIMIT 1
) AS known
CROSS JOIN LATERAL (
    SELECT final_url
    FROM pages
    WHERE job_id = %(job_id)s
      AND id = page.id
    LIMIT 1
) AS fetched;
