-- Redirects that lead to a host which has no turn now are followed from there, later.

ALTER TABLE frontier
    -- How far a queued URL's redirects were followed: {"hops": [[url, status], ...], "next": url}.
    -- `host` is then that of the next URL: there it waits.
    ADD COLUMN trail jsonb;
