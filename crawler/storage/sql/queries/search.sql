-- name: search_languages
-- How many of a job's pages are in the index, by the language in which their words are compared.
SELECT language, count(*) AS pages
FROM search
WHERE job_id = %(job_id)s
GROUP BY language;

-- name: count_documents
SELECT count(*) AS pages
FROM documents
WHERE job_id = %(job_id)s;

-- name: search_terms
-- Terms in each language, as queries and as lexemes with their places in the term: without words
-- that are in every text ("the"), and, `with_all`, with them.
SELECT each.language, asked.with_all, term.number,
    phraseto_tsquery(asked.config, term.words)::text AS query,
    (
        SELECT jsonb_agg(jsonb_build_array(word.lexeme, word.positions))
        FROM unnest(to_tsvector(asked.config, term.words)) AS word
    ) AS lexemes
FROM unnest(%(languages)s::text[]) AS each (language)
CROSS JOIN LATERAL (
    VALUES (false, each.language::regconfig), (true, ('clew_' || each.language)::regconfig)
) AS asked (with_all, config)
CROSS JOIN unnest(%(terms)s::text[]) WITH ORDINALITY AS term (words, number)
ORDER BY each.language, term.number;

-- name: search
-- The best pages first, a slice of them. Those that are best by their digests are ranked by all of
-- their words; a rank by these takes a hundred times as long, and a common word is in every page.
-- No condition on job_id: `marked` holds it, and the index has to be gone through by nothing else.
WITH wanted AS MATERIALIZED (
    SELECT each.language, each.query::tsquery AS terms,
        -- Ids of jobs are made here, and hold no quote.
        (''' ' || %(job_id)s || ' ' || each.language || '''')::tsquery && each.query::tsquery
            AS marked
    FROM unnest(%(languages)s::text[], %(queries)s::text[]) AS each (language, query)
),
matching AS MATERIALIZED (
    SELECT search.id, search.language, ts_rank(search.digest, wanted.terms) AS first_rank
    FROM wanted
    JOIN search ON search.vector @@ wanted.marked
),
placed AS (
    SELECT id, language, first_rank,
        row_number() OVER (ORDER BY first_rank DESC, id) <= %(best)s AS is_best
    FROM (
        SELECT id, language, first_rank
        FROM matching
        ORDER BY first_rank DESC, id
        LIMIT greatest(%(best)s, %(after)s + %(limit)s)
    ) AS first
),
ranked AS (
    SELECT id, is_best,
        first_rank + CASE
            WHEN is_best THEN (
                SELECT ts_rank(search.vector, wanted.terms, 1)
                FROM search, wanted
                WHERE search.job_id = %(job_id)s
                  AND search.id = placed.id
                  AND wanted.language = placed.language
            )
            ELSE 0
        END AS rank
    FROM placed
)
SELECT id, rank, (SELECT count(*) FROM matching) AS total
FROM ranked
ORDER BY is_best DESC, rank DESC, id
OFFSET %(after)s
LIMIT %(limit)s;

-- name: found_pages
-- What results show, with the places of the lexemes that were sought.
SELECT documents.id, coalesce(pages.final_url, frontier.url) AS url, documents.title,
    documents.markdown, documents.units, search.language,
    (
        SELECT jsonb_object_agg(word.lexeme, word.positions)
        FROM unnest(search.vector) AS word
        WHERE word.lexeme = ANY(%(lexemes)s)
          AND word.positions IS NOT NULL
    ) AS positions
FROM documents
JOIN search
    ON search.job_id = documents.job_id
   AND search.id = documents.id
JOIN frontier
    ON frontier.job_id = documents.job_id
   AND frontier.id = documents.id
LEFT JOIN pages
    ON pages.job_id = documents.job_id
   AND pages.id = documents.id
WHERE documents.job_id = %(job_id)s
  AND documents.id = ANY(%(ids)s);

-- name: unsearchable_job
-- A job that has ended and is not in the index as it is now; the newest first, and none while
-- anything is crawled, nor for a moment after: crawls need the cores.
SELECT jobs.id
FROM jobs
LEFT JOIN searchable ON searchable.job_id = jobs.id
WHERE jobs.finished_at < clock_timestamp() - %(seconds)s * interval '1 second'
  AND jobs.deleted_at IS NULL
  AND jobs.processed > 0
  AND searchable.last_event_id IS DISTINCT FROM jobs.last_event_id
  AND NOT EXISTS (
        SELECT 1
        FROM jobs
        WHERE status IN ('queued', 'running')
          AND deleted_at IS NULL
    )
ORDER BY jobs.finished_at DESC
LIMIT 1;

-- name: hold_index
-- One worker at a time puts a job's pages into the index; one that is gone holds it no longer.
INSERT INTO searchable (job_id, holder, held_until)
VALUES (%(job_id)s, %(holder)s, clock_timestamp() + interval '20 seconds')
ON CONFLICT (job_id) DO UPDATE
SET holder = excluded.holder,
    held_until = excluded.held_until
WHERE searchable.holder = excluded.holder
   OR searchable.held_until < clock_timestamp()
RETURNING job_id;

-- name: release_index
UPDATE searchable
SET held_until = '-infinity'
WHERE job_id = %(job_id)s;

-- name: pages_to_index
-- A slice of pages that are not in the index as they are now.
SELECT documents.id, documents.xmin::text AS version, coalesce(pages.final_url, frontier.url) AS url, documents.title,
    documents.description, documents.language, documents.markdown, documents.units
FROM (
    SELECT documents.id,
        sum(documents.length) OVER (ORDER BY documents.id) - documents.length AS before
    FROM (
        SELECT documents.job_id, documents.id, documents.length
        FROM documents
        LEFT JOIN search
            ON search.job_id = documents.job_id
           AND search.id = documents.id
        WHERE documents.job_id = %(job_id)s
          AND documents.id > %(after)s
          AND (search.id IS NULL OR search.furniture <> %(furniture)s::uuid)
        ORDER BY documents.id
        LIMIT %(limit)s
    ) AS documents
) AS next
JOIN documents
    ON documents.job_id = %(job_id)s
   AND documents.id = next.id
JOIN frontier
    ON frontier.job_id = documents.job_id
   AND frontier.id = documents.id
LEFT JOIN pages
    ON pages.job_id = documents.job_id
   AND pages.id = documents.id
WHERE next.before < %(most_characters)s
ORDER BY documents.id;

-- name: insert_search
-- Pages that were made anew since they were read are left out; those here are held until the commit.
INSERT INTO search (job_id, id, furniture, language, digest, vector)
SELECT %(job_id)s, each.id, %(furniture)s::uuid, each.language,
    setweight(to_tsvector(each.config, each.title), 'A')
        || setweight(to_tsvector(each.config, each.headings), 'B')
        || setweight(to_tsvector(each.config, each.about), 'C')
        || to_tsvector(each.language::regconfig, each.frequent),
    to_tsvector(each.config, each.body)
        || array_to_tsvector(ARRAY[' ' || %(job_id)s || ' ' || each.language])
FROM (
    SELECT given.id, given.language, ('clew_' || given.language)::regconfig AS config,
        given.title, given.headings, given.about, given.frequent, given.body
    FROM unnest(
        %(ids)s::bigint[],
        %(versions)s::text[],
        %(languages)s::text[],
        %(titles)s::text[],
        %(headings)s::text[],
        %(abouts)s::text[],
        %(frequents)s::text[],
        %(bodies)s::text[]
    ) AS given (id, version, language, title, headings, about, frequent, body)
    JOIN documents
        ON documents.job_id = %(job_id)s
       AND documents.id = given.id
       AND documents.xmin::text = given.version
    FOR SHARE OF documents
) AS each
ON CONFLICT (job_id, id) DO UPDATE
SET furniture = excluded.furniture,
    language = excluded.language,
    digest = excluded.digest,
    vector = excluded.vector;

-- name: mark_searchable
-- Unless a page is missing, as of the same moment. Returns the job if none is.
UPDATE searchable
SET last_event_id = jobs.last_event_id
FROM jobs
WHERE jobs.id = %(job_id)s
  AND searchable.job_id = jobs.id
  AND NOT EXISTS (
        SELECT 1
        FROM documents
        LEFT JOIN search
            ON search.job_id = documents.job_id
           AND search.id = documents.id
        WHERE documents.job_id = %(job_id)s
          AND (search.id IS NULL OR search.furniture <> %(furniture)s::uuid)
    )
RETURNING searchable.job_id;

-- name: merge_search
-- What was added is put in its place in the index.
SELECT gin_clean_pending_list('search_words');
