CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.key_check (
    fingerprint bytea NOT NULL
);
CREATE TABLE public.reader (
    key bytea NOT NULL,
    language character varying(35),
    turn bytea,
    turn_at timestamp with time zone,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_reader_holds_something CHECK (((language IS NOT NULL) OR (turn IS NOT NULL))),
    CONSTRAINT ck_reader_turn_has_its_instant CHECK (((turn IS NULL) = (turn_at IS NULL)))
);
COMMENT ON COLUMN public.reader.key IS 'keyed hash of the platform and its id of the chat';
COMMENT ON COLUMN public.reader.language IS 'the language that the reader chose';
COMMENT ON COLUMN public.reader.turn IS 'the last intent and entity, encrypted and bound to the key';
COMMENT ON COLUMN public.reader.turn_at IS 'when the last turn was; it lives ten minutes';
COMMENT ON COLUMN public.reader.changed_at IS 'when this row was last written';
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.key_check VALUES ('\x6fe375229b7c457f31bba36d1b6bc90b');
INSERT INTO public.reader VALUES ('\x15125929c1451ce0ab544fd718d922fe4f4b36e7785429a74d3c5f1f71c5535a', 'es', '\xb74f477f2e20918241e8898ebc7683931909368896d8fda8800b0d12b71439a587fb52e73e602ca74c6a14f0d8301f78e5cbcc3d68723616222bcb12f5bea09c612b9461385a03b18cfc7f06326042cf4542fe6d320f8b384a4a7e6cff814c8027a7c10899727be87e25278beaa22ad96aa00e03f46b9feaed14163c4f3ea45464232197a63aa59964bf5cca77f3320c83268c6f4c26d1e352167fe9', '2025-10-11 12:00:00+00', '2025-10-11 12:00:00+00');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.key_check
    ADD CONSTRAINT pk_key_check PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.reader
    ADD CONSTRAINT pk_reader PRIMARY KEY (key);
CREATE INDEX ix_reader_turn_at ON public.reader USING btree (turn_at);
