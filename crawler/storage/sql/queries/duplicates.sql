-- name: same_pages
-- Pages of the job that may be those of a batch: with the same content, saying that they are known
-- under one of its names, or known under a name that the batch's pages give. `name` is what they
-- have in common; without one it is the content. Each is probed by itself: joined to the list, a
-- planner that does not know yet how many pages the job has would read them all.
SELECT same.id, frontier.depth, same.title, same.content_hash, NULL AS name
FROM unnest(%(hashes)s::bytea[]) AS wanted (content_hash)
CROSS JOIN LATERAL (
    SELECT id, title, content_hash
    FROM pages
    WHERE job_id = %(job_id)s
      AND content_hash = wanted.content_hash
    LIMIT 1
) AS same
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = same.id
WHERE frontier.outcome IN ('fetched', 'cached')
UNION ALL
SELECT same.id, frontier.depth, same.title, NULL, wanted.name
FROM unnest(%(names)s::text[]) AS wanted (name)
CROSS JOIN LATERAL (
    SELECT id, title
    FROM pages
    WHERE job_id = %(job_id)s
      AND canonical = wanted.name
    LIMIT 100
) AS same
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = same.id
WHERE frontier.outcome IN ('fetched', 'cached')
UNION ALL
SELECT frontier.id, frontier.depth, pages.title, NULL, named.url
FROM unnest(%(canonical_keys)s::bytea[]) AS wanted (url_key)
CROSS JOIN LATERAL (
    SELECT url, coalesce(alias_of, duplicate_of, id) AS page_id
    FROM frontier
    WHERE job_id = %(job_id)s
      AND url_key = wanted.url_key
    LIMIT 1
) AS named
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = named.page_id
JOIN pages
    ON pages.job_id = %(job_id)s
   AND pages.id = named.page_id
WHERE frontier.outcome IN ('fetched', 'cached')
ORDER BY id;

-- name: duplicates
-- Where URLs led whose page is another URL's; farthest first, so that the closest stays.
SELECT frontier.depth, frontier.duplicate_of, pages.final_url
FROM frontier
JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = ANY(%(ids)s)
  AND frontier.reason = 'duplicate'
ORDER BY frontier.depth DESC;
