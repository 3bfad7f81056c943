-- name: remake_slice
-- A slice of processed pages that wait for the processor again, with what had come of them. Their
-- documents stay until it replaces them.
WITH made AS (
    SELECT frontier.job_id, frontier.id, frontier.content
    FROM frontier
    JOIN pages
        ON pages.job_id = frontier.job_id
       AND pages.id = frontier.id
    WHERE frontier.job_id = %(job_id)s
      AND frontier.id > %(after)s
      AND frontier.state = 'done'
      AND frontier.content IS NOT NULL
      AND pages.content_hash IS NOT NULL
    ORDER BY frontier.id
    LIMIT %(limit)s
)
UPDATE frontier
SET state = 'fetched',
    content = NULL,
    failed_calls = 0,
    lost_calls = 0
FROM made
WHERE frontier.job_id = made.job_id
  AND frontier.id = made.id
RETURNING frontier.id, made.content;

-- name: remake_position
-- How far pages were taken to be made anew; no row where none are to be.
SELECT remake_after
FROM jobs
WHERE id = %(job_id)s
  AND remake_after IS NOT NULL;

-- name: set_remake_position
UPDATE jobs
SET remake_after = %(after)s
WHERE id = %(job_id)s;

-- name: options
SELECT options
FROM jobs
WHERE id = %(job_id)s
  AND deleted_at IS NULL;
