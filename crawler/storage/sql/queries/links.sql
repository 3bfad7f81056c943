-- name: addresses_of_page
-- The URLs under which a job knows a page: its own, where it led, and those that are the same page.
-- Each part finds its rows by an index.
SELECT frontier.url, pages.final_url
FROM frontier
LEFT JOIN pages
    ON pages.job_id = frontier.job_id
   AND pages.id = frontier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = %(id)s
UNION
SELECT url, NULL
FROM frontier
WHERE job_id = %(job_id)s
  AND alias_of = %(id)s
UNION
SELECT url, NULL
FROM frontier
WHERE job_id = %(job_id)s
  AND reason = 'duplicate'
  AND duplicate_of = %(id)s
LIMIT %(limit)s;

-- name: linking_pages
-- Pages after an id that have a link with one of some keys; in one of a million of them the key is
-- another link's. They are found before their URLs are: a planner that expects few of them would
-- read the frontier for each.
WITH linking AS MATERIALIZED (
    SELECT id, final_url, title, links
    FROM pages
    WHERE job_id = %(job_id)s
      AND id > %(after)s
      AND id <> %(id)s
      AND EXISTS (
            SELECT 1
            FROM unnest(%(keys)s::bytea[]) AS wanted (key)
            WHERE position(wanted.key IN pages.link_keys) > 0
        )
    ORDER BY id
    LIMIT %(limit)s
)
SELECT linking.id, coalesce(linking.final_url, frontier.url) AS url, linking.title, linking.links
FROM linking
JOIN frontier
    ON frontier.job_id = %(job_id)s
   AND frontier.id = linking.id
ORDER BY linking.id;

-- name: count_linking_pages
-- How many of a job's first pages have a link with one of some keys.
SELECT count(*) AS count
FROM (
    SELECT id, link_keys
    FROM pages
    WHERE job_id = %(job_id)s
      AND link_keys IS NOT NULL
    ORDER BY id
    LIMIT %(most)s
) AS first
WHERE id <> %(id)s
  AND EXISTS (
        SELECT 1
        FROM unnest(%(keys)s::bytea[]) AS wanted (key)
        WHERE position(wanted.key IN first.link_keys) > 0
    );
