-- name: furniture
SELECT units
FROM furniture
WHERE job_id = %(job_id)s;

-- name: units_of_some
-- Units of the job's documents: of all, or of about so many, spread over all of it.
SELECT documents.units
FROM documents, jobs
WHERE jobs.id = %(job_id)s
  AND documents.job_id = jobs.id
  AND documents.units <> ''
  AND documents.id %% (jobs.processed / %(most)s * 2 + 1) = 0;

-- name: set_furniture
INSERT INTO furniture (job_id, units)
VALUES (%(job_id)s, %(units)s)
ON CONFLICT (job_id) DO UPDATE
SET units = excluded.units;
