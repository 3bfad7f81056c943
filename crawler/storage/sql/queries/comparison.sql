-- name: compared_pages
-- Pages of a job beside what an earlier one has of the same URL.
SELECT documents.id AS position, documents.id, frontier.url, documents.title, documents.units,
    earlier_documents.id AS earlier_id,
    earlier.state AS earlier_state,
    earlier.reason AS earlier_reason,
    earlier_documents.units AS earlier_units,
    earlier_documents.markdown = documents.markdown AS is_same
FROM documents
JOIN frontier
    ON frontier.job_id = documents.job_id
   AND frontier.id = documents.id
LEFT JOIN frontier AS earlier
    ON earlier.job_id = %(based_on)s
   AND earlier.url_key = frontier.url_key
LEFT JOIN documents AS earlier_documents
    ON earlier_documents.job_id = earlier.job_id
   AND earlier_documents.id = earlier.id
WHERE documents.job_id = %(job_id)s
  AND documents.id > %(after)s
ORDER BY documents.id
LIMIT %(limit)s;

-- name: pages_gone
-- Pages of the earlier job whose URL has no content in this one, and what became of it here.
SELECT documents.id AS position, documents.id AS earlier_id, earlier.url, documents.title,
    now.id, now.state, now.reason
FROM documents
JOIN frontier AS earlier
    ON earlier.job_id = documents.job_id
   AND earlier.id = documents.id
LEFT JOIN frontier AS now
    ON now.job_id = %(job_id)s
   AND now.url_key = earlier.url_key
WHERE documents.job_id = %(based_on)s
  AND documents.id > %(after)s
  AND now.content IS DISTINCT FROM 'stored'
ORDER BY documents.id
LIMIT %(limit)s;

-- name: markdown_pairs
-- What pages hold, each with the one that it was, if it was there.
SELECT documents.id, documents.markdown, documents.units,
    earlier.markdown AS earlier_markdown, earlier.units AS earlier_units
FROM unnest(%(ids)s::bigint[], %(earlier_ids)s::bigint[]) AS pairs (id, earlier_id)
JOIN documents
    ON documents.job_id = %(job_id)s
   AND documents.id = pairs.id
LEFT JOIN documents AS earlier
    ON earlier.job_id = %(based_on)s
   AND earlier.id = pairs.earlier_id;

-- name: earlier_page
-- The page of an earlier job with the same URL as one of this job.
SELECT earlier.id
FROM frontier
JOIN frontier AS earlier
    ON earlier.job_id = %(based_on)s
   AND earlier.url_key = frontier.url_key
JOIN documents
    ON documents.job_id = earlier.job_id
   AND documents.id = earlier.id
WHERE frontier.job_id = %(job_id)s
  AND frontier.id = %(id)s;
