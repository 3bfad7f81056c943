-- name: same_pages
-- Pages of the job that may be those of a batch: with the same content, if only as their Markdown
-- form, naming the same canonical
-- URL under the same title, or known under a URL that the batch's pages name.
-- `shared` is what they have in common. Each is probed by itself: joined to the list, a planner
-- that does not know yet how many pages the job has would read them all.
SELECT frontier.id, frontier.depth, same.title, wanted.content_hash AS shared
FROM unnest(%(hashes)s::bytea[]) AS wanted (content_hash)
CROSS JOIN LATERAL (
    SELECT id, title
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
SELECT frontier.id, frontier.depth, same.title, wanted.content_hash
FROM unnest(%(hashes)s::bytea[]) AS wanted (content_hash)
CROSS JOIN LATERAL (
    SELECT id, title
    FROM pages
    WHERE job_id = %(job_id)s
      AND alternate_hash = wanted.content_hash
    LIMIT 1
) AS same
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = same.id
WHERE frontier.outcome IN ('fetched', 'cached')
UNION ALL
SELECT frontier.id, frontier.depth, same.title, wanted.name_key
FROM unnest(%(name_keys)s::bytea[]) AS wanted (name_key)
CROSS JOIN LATERAL (
    SELECT id, title
    FROM pages
    WHERE job_id = %(job_id)s
      AND name_key = wanted.name_key
    LIMIT 1
) AS same
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = same.id
WHERE frontier.outcome IN ('fetched', 'cached')
UNION ALL
SELECT page.id, page.depth, same.title, wanted.url_key
FROM unnest(%(canonical_keys)s::bytea[]) AS wanted (url_key)
CROSS JOIN LATERAL (
    SELECT id, alias_of, duplicate_of
    FROM frontier
    WHERE job_id = %(job_id)s
      AND url_key = wanted.url_key
    LIMIT 1
) AS named
LEFT JOIN frontier AS owner
    ON owner.job_id = %(job_id)s
   AND owner.id = named.alias_of
CROSS JOIN LATERAL (
    SELECT id, depth
    FROM frontier
    WHERE job_id = %(job_id)s
      AND id = coalesce(owner.duplicate_of, owner.id, named.duplicate_of, named.id)
      AND outcome IN ('fetched', 'cached')
    LIMIT 1
) AS page
CROSS JOIN LATERAL (
    SELECT title
    FROM pages
    WHERE job_id = %(job_id)s
      AND id = page.id
    LIMIT 1
) AS same
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
