-- Which pages link to a page: a key of each link's URL, 4 bytes, so that no list has to be unpacked.

ALTER TABLE pages
    ADD COLUMN link_keys bytea;
ALTER TABLE pages
    ALTER COLUMN link_keys SET STORAGE EXTERNAL;
