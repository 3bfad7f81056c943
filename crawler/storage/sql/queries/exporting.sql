-- name: exported_pages
-- Finished pages in reading order, without their content: what an export is planned by.
SELECT documents.id, frontier.url, frontier.depth,
    coalesce(pages.final_url, frontier.url) AS final_url,
    documents.length, documents.tokens
FROM documents
JOIN frontier
    ON frontier.job_id = documents.job_id
   AND frontier.id = documents.id
JOIN pages
    ON pages.job_id = documents.job_id
   AND pages.id = documents.id
WHERE documents.job_id = %(job_id)s
  AND documents.id > %(after)s
ORDER BY documents.id
LIMIT %(limit)s;

-- name: exported_heads
-- What is known of some finished pages beside their content, in the order of the ids.
-- None of a job that was deleted, even while its rows are still being cleared away.
SELECT documents.id, frontier.url, frontier.depth,
    coalesce(pages.final_url, frontier.url) AS final_url,
    pages.fetched_at, pages.content_type,
    documents.title, documents.description, documents.language,
    documents.metadata
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN jobs
    ON jobs.id = %(job_id)s
   AND jobs.deleted_at IS NULL
JOIN documents
    ON documents.job_id = jobs.id
   AND documents.id = wanted.id
JOIN frontier
    ON frontier.job_id = jobs.id
   AND frontier.id = wanted.id
JOIN pages
    ON pages.job_id = jobs.id
   AND pages.id = wanted.id
ORDER BY wanted.place;

-- name: exported_documents
-- The same with the content.
SELECT documents.id, frontier.url, frontier.depth,
    coalesce(pages.final_url, frontier.url) AS final_url,
    pages.fetched_at, pages.content_type,
    documents.title, documents.description, documents.language,
    documents.metadata, documents.markdown, documents.length, documents.units
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN jobs
    ON jobs.id = %(job_id)s
   AND jobs.deleted_at IS NULL
JOIN documents
    ON documents.job_id = jobs.id
   AND documents.id = wanted.id
JOIN frontier
    ON frontier.job_id = jobs.id
   AND frontier.id = wanted.id
JOIN pages
    ON pages.job_id = jobs.id
   AND pages.id = wanted.id
ORDER BY wanted.place;

-- name: pages_under_urls
-- The finished pages that some URLs lead to: their own, that of a URL whose redirect's target they
-- are, or of which that or they themselves are a duplicate.
SELECT target.url_key, page.id, page.url, coalesce(pages.final_url, page.url) AS final_url
FROM frontier AS target
LEFT JOIN frontier AS owner
    ON owner.job_id = %(job_id)s
   AND owner.id = target.alias_of
JOIN frontier AS page
    ON page.job_id = %(job_id)s
   AND page.id = coalesce(owner.duplicate_of, owner.id, target.duplicate_of, target.id)
JOIN documents
    ON documents.job_id = %(job_id)s
   AND documents.id = page.id
JOIN pages
    ON pages.job_id = %(job_id)s
   AND pages.id = page.id
WHERE target.job_id = %(job_id)s
  AND target.url_key = ANY(%(url_keys)s::bytea[]);
