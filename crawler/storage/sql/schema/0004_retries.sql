-- Failed URLs are queued for another try in slices.

ALTER TABLE jobs
    -- The user asked for another try: failed URLs with greater ids are still to be queued. NULL where
    -- none are.
    ADD COLUMN retry_after bigint;
