-- What people take away: metadata, links, what stands on most pages of a job, content made anew.

ALTER TABLE documents
    -- zstd-compressed JSON: what the page says of itself beside title, description and language.
    ADD COLUMN metadata bytea,
    -- Fingerprints of the Markdown's units, 8 bytes each: what stands on most pages is furniture.
    ADD COLUMN units bytea;
ALTER TABLE documents
    ALTER COLUMN metadata SET STORAGE EXTERNAL,
    ALTER COLUMN units SET STORAGE EXTERNAL;

ALTER TABLE pages
    -- A Markdown form of the page that it declares, and that is its content: its URL and body.
    ADD COLUMN alternate_url text,
    ADD COLUMN alternate_hash bytea,
    -- A key of each link's URL, 4 bytes: who links to a page is found without unpacking a list.
    ADD COLUMN link_keys bytea;
ALTER TABLE pages
    ALTER COLUMN link_keys SET STORAGE EXTERNAL;
CREATE INDEX pages_alternate ON pages (alternate_hash, job_id) WHERE alternate_hash IS NOT NULL;

ALTER TABLE jobs
    -- Selectors changed: pages with greater ids are still to be made anew. NULL where none are.
    ADD COLUMN remake_after bigint,
    -- The job that this one is a repetition of, to be compared with.
    ADD COLUMN based_on text;

-- Units that stand on most pages of a job, as fingerprints of 8 bytes each: readers are not shown them.
-- Apart from jobs, whose rows are written all the time.
CREATE TABLE furniture (
    job_id text PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    units  bytea NOT NULL
);
