-- Sitemaps that were named and are not read: there are too many, or too many indexes above them.

ALTER TABLE jobs
    ADD COLUMN sitemaps_left_out integer NOT NULL DEFAULT 0;
