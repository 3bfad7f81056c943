-- name: same_pages
-- Pages of the job that may be those of a batch: with the same content, saying that they are known
-- under one of its names, or known under a name that the batch's pages give. `name` is what they
-- have in common; without one it is the content.
SELECT frontier.id, frontier.depth, pages.title, pages.content_hash, NULL AS name
FROM pages
JOIN frontier
    ON frontier.job_id = pages.job_id
   AND frontier.id = pages.id
WHERE pages.job_id = %(job_id)s
  AND pages.content_hash = ANY(%(hashes)s::bytea[])
  AND frontier.outcome IN ('fetched', 'cached')
UNION ALL
SELECT frontier.id, frontier.depth, pages.title, NULL, pages.canonical
FROM pages
JOIN frontier
    ON frontier.job_id = pages.job_id
   AND frontier.id = pages.id
WHERE pages.job_id = %(job_id)s
  AND pages.canonical = ANY(%(names)s::text[])
  AND frontier.outcome IN ('fetched', 'cached')
UNION ALL
SELECT frontier.id, frontier.depth, pages.title, NULL, named.url
FROM frontier AS named
JOIN frontier
    ON frontier.job_id = named.job_id
   AND frontier.id = coalesce(named.alias_of, named.duplicate_of, named.id)
JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
WHERE named.job_id = %(job_id)s
  AND named.url_key = ANY(%(canonical_keys)s::bytea[])
  AND frontier.outcome IN ('fetched', 'cached')
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
