-- name: database_size
SELECT pg_database_size(current_database()) AS bytes;

-- name: vacuum_contents
-- Tables on which somebody else works at that are passed over: they have their vacuum.
VACUUM (SKIP_LOCKED) bodies, documents, pages, search;

-- name: free_room
-- What is free in the files of large columns. Sizes are read off their pointers, not their
-- values; one in twenty bytes is for the pieces' heads. What is small enough to stand in its table
-- is counted as if it stood apart, so that this is rather too little than too much.
SELECT (
        greatest(0, pg_relation_size(toast.bodies) - 1.05 * stored.bodies)
        + greatest(0, pg_relation_size(toast.documents) - 1.05 * stored.documents)
        + greatest(0, pg_relation_size(toast.pages) - 1.05 * stored.pages)
        + greatest(0, pg_relation_size(toast.search) - 1.05 * stored.search)
    )::bigint AS bytes
FROM (
    SELECT max(reltoastrelid) FILTER (WHERE oid = 'bodies'::regclass) AS bodies,
        max(reltoastrelid) FILTER (WHERE oid = 'documents'::regclass) AS documents,
        max(reltoastrelid) FILTER (WHERE oid = 'pages'::regclass) AS pages,
        max(reltoastrelid) FILTER (WHERE oid = 'search'::regclass) AS search
    FROM pg_class
    WHERE oid IN (
        'bodies'::regclass, 'documents'::regclass, 'pages'::regclass, 'search'::regclass
    )
) AS toast
CROSS JOIN (
    SELECT (SELECT coalesce(sum(octet_length(data)), 0) FROM bodies) AS bodies,
        (
            SELECT coalesce(
                sum(
                    octet_length(markdown)
                    + coalesce(octet_length(metadata), 0)
                    + coalesce(octet_length(units), 0)
                ), 0
            )
            FROM documents
        ) AS documents,
        (
            SELECT coalesce(
                sum(
                    coalesce(octet_length(headers), 0)
                    + coalesce(octet_length(hops), 0)
                    + coalesce(octet_length(links), 0)
                    + coalesce(octet_length(link_keys), 0)
                ), 0
            )
            FROM pages
        ) AS pages,
        (SELECT coalesce(sum(pg_column_size(vector)), 0) FROM search) AS search
) AS stored;
