-- Which pages refer to a body as their Markdown form.

CREATE INDEX pages_alternate ON pages (alternate_hash, job_id) WHERE alternate_hash IS NOT NULL;

-- Words and tokens are counted where pages are read: of the Markdown as it is shown.
ALTER TABLE documents
    DROP COLUMN words,
    DROP COLUMN tokens;
