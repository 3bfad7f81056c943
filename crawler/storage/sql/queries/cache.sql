-- name: cached_answers
-- Answers under some keys, how old they are, and how large their pages are, unpacked. One whose
-- page is gone is none.
SELECT http_cache.url,
    http_cache.status,
    http_cache.headers,
    http_cache.content_hash,
    http_cache.target,
    http_cache.size,
    http_cache.allowed,
    extract(epoch FROM clock_timestamp() - http_cache.validated_at)::float8 AS age_seconds,
    coalesce(bodies.size, 0) AS body_bytes
FROM http_cache
LEFT JOIN bodies
    ON bodies.hash = http_cache.content_hash
WHERE http_cache.key = ANY(%(keys)s)
  AND (http_cache.content_hash IS NULL OR bodies.hash IS NOT NULL);

-- name: keep_answers
-- Answers as they came just now, or were confirmed just now. Rows are locked in the order of
-- their keys, so that calls with the same URLs never lock each other out. What a crash of the
-- database loses of them is asked for again.
SET LOCAL synchronous_commit = off;
WITH given AS (
    SELECT each.*
    FROM unnest(
        %(keys)s::bytea[], %(urls)s::text[], %(statuses)s::integer[], %(headers)s::bytea[],
        %(content_hashes)s::bytea[], %(targets)s::text[], %(sizes)s::bigint[],
        %(allowed)s::boolean[]
    ) AS each (key, url, status, headers, content_hash, target, size, allowed)
),
known AS (
    SELECT key, content_hash
    FROM http_cache
    WHERE key = ANY(%(keys)s)
    ORDER BY key
    FOR UPDATE
),
kept AS (
    INSERT INTO http_cache (key, url, status, headers, content_hash, target, size, allowed)
    SELECT given.*
    FROM given
    LEFT JOIN known USING (key)
    ORDER BY given.key
    ON CONFLICT (key) DO UPDATE
    SET status = excluded.status,
        headers = excluded.headers,
        content_hash = excluded.content_hash,
        target = excluded.target,
        size = excluded.size,
        allowed = excluded.allowed,
        validated_at = clock_timestamp(),
        used_at = clock_timestamp()
)
INSERT INTO body_garbage (hash, due_at)
SELECT DISTINCT known.content_hash, clock_timestamp() + interval '5 minutes'
FROM known
JOIN given USING (key)
WHERE known.content_hash IS NOT NULL
  AND known.content_hash IS DISTINCT FROM given.content_hash
ORDER BY known.content_hash
ON CONFLICT (hash) DO UPDATE
SET due_at = excluded.due_at;

-- name: touch_answers
-- Answers that were used without asking: whichever is unused for longest goes first.
UPDATE http_cache
SET used_at = clock_timestamp()
FROM (
    SELECT key
    FROM http_cache
    WHERE key = ANY(%(keys)s)
    ORDER BY key
    FOR UPDATE
) AS used
WHERE http_cache.key = used.key;

-- name: drop_answers
WITH known AS (
    SELECT key
    FROM http_cache
    WHERE key = ANY(%(keys)s)
    ORDER BY key
    FOR UPDATE
),
dropped AS (
    DELETE FROM http_cache
    USING known
    WHERE http_cache.key = known.key
    RETURNING http_cache.content_hash
)
INSERT INTO body_garbage (hash, due_at)
SELECT DISTINCT content_hash, clock_timestamp() + interval '5 minutes'
FROM dropped
WHERE content_hash IS NOT NULL
ORDER BY content_hash
ON CONFLICT (hash) DO UPDATE
SET due_at = excluded.due_at;

-- name: trim_cache
-- The answers unused for longest go until the others fit. Those that somebody writes just now
-- are passed over: they are in use.
WITH kept AS (
    SELECT coalesce(sum(size), 0) AS bytes
    FROM http_cache
),
oldest AS (
    SELECT key, sum(size) OVER (ORDER BY used_at, key) - size AS bytes_before
    FROM (
        SELECT key, size, used_at
        FROM http_cache
        ORDER BY used_at, key
        LIMIT %(limit)s
    ) AS first
),
excess AS (
    SELECT key
    FROM http_cache
    WHERE key IN (
        SELECT oldest.key
        FROM oldest
        CROSS JOIN kept
        WHERE oldest.bytes_before < kept.bytes - %(max_bytes)s
    )
    FOR UPDATE SKIP LOCKED
),
dropped AS (
    DELETE FROM http_cache
    USING excess
    WHERE http_cache.key = excess.key
    RETURNING http_cache.content_hash
),
discarded AS (
    INSERT INTO body_garbage (hash, due_at)
    SELECT DISTINCT content_hash, clock_timestamp() + interval '5 minutes'
    FROM dropped
    WHERE content_hash IS NOT NULL
    ORDER BY content_hash
    ON CONFLICT (hash) DO UPDATE
    SET due_at = excluded.due_at
)
SELECT count(*) AS dropped
FROM dropped;
