-- Full text search in a job's pages.

-- Words are stemmed by language, and none is left out: `while` and `not` are what people look for
-- in manuals. So each language has a configuration without stop words beside its own.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT replace(dictname, '_stem', '')
        FROM pg_ts_dict
        WHERE dictname LIKE '%\_stem'
          AND dictnamespace = 'pg_catalog'::regnamespace
    LOOP
        EXECUTE format(
            'CREATE TEXT SEARCH DICTIONARY clew_%1$s (TEMPLATE = snowball, Language = %1$s)', name
        );
    END LOOP;
    CREATE TEXT SEARCH CONFIGURATION clew_simple (COPY = pg_catalog.simple);
    FOR name IN
        SELECT cfgname
        FROM pg_ts_config
        WHERE cfgnamespace = 'pg_catalog'::regnamespace
          AND cfgname <> 'simple'
    LOOP
        EXECUTE format(
            'CREATE TEXT SEARCH CONFIGURATION clew_%1$s (COPY = pg_catalog.%1$s)', name
        );
        EXECUTE format(
            'ALTER TEXT SEARCH CONFIGURATION clew_%1$s'
            ' ALTER MAPPING REPLACE pg_catalog.%1$s_stem WITH clew_%1$s', name
        );
        -- In languages of other scripts, words in Latin letters are English.
        IF name <> 'english' THEN
            EXECUTE format(
                'ALTER TEXT SEARCH CONFIGURATION clew_%s'
                ' ALTER MAPPING REPLACE pg_catalog.english_stem WITH clew_english', name
            );
        END IF;
    END LOOP;
END
$$;

-- What pages are found by. A row is missing until it is made, and again when its page is made anew.
CREATE TABLE search (
    job_id    text NOT NULL,
    id        bigint NOT NULL,
    -- Of the job's furniture that was cut out: when there is other furniture, the row is made anew.
    furniture uuid NOT NULL,
    language  text NOT NULL,
    -- What a first ranking goes by: title, headings, description, the most frequent words. Small,
    -- since a common word is in thousands of pages.
    digest    tsvector NOT NULL,
    -- All words, and one lexeme that names job and language: the index holds the words of all jobs,
    -- and a search in one shall not read the pages of the others.
    vector    tsvector NOT NULL,
    PRIMARY KEY (job_id, id),
    FOREIGN KEY (job_id, id) REFERENCES documents ON DELETE CASCADE
);
ALTER TABLE search
    ALTER COLUMN job_id SET STATISTICS 0,
    ALTER COLUMN digest SET STATISTICS 0,
    ALTER COLUMN vector SET STATISTICS 0,
    -- Read thousands at a time to look for phrases: unpacking would take longer.
    ALTER COLUMN vector SET STORAGE EXTERNAL;
CREATE INDEX search_languages ON search (job_id, language);
-- What was added last is read through by every search, so there is to be little of it.
CREATE INDEX search_words ON search USING gin (vector) WITH (gin_pending_list_limit = 1024);

-- As of which event all pages of a job are in the index, and which worker puts them there.
CREATE TABLE searchable (
    job_id        text PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    last_event_id bigint,
    holder        text NOT NULL,
    held_until    timestamptz NOT NULL
);

-- Whoever makes a page anew need not know of the search.
CREATE FUNCTION forget_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE searchable SET last_event_id = NULL WHERE job_id = new.job_id;
    DELETE FROM search WHERE job_id = new.job_id AND id = new.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER documents_made_anew
    AFTER UPDATE OF title, description, language, markdown ON documents
    FOR EACH ROW EXECUTE FUNCTION forget_search();
