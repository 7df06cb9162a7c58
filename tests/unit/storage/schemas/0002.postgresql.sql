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
CREATE TABLE public.retired_key (
    fingerprint bytea NOT NULL
);
CREATE TABLE public.subscription (
    id bigint NOT NULL,
    key bytea NOT NULL,
    topic character varying(64) NOT NULL,
    channel character varying(20) NOT NULL,
    sealed bytea NOT NULL,
    language character varying(35) NOT NULL,
    since timestamp with time zone NOT NULL,
    off smallint NOT NULL,
    paused boolean NOT NULL
);
COMMENT ON COLUMN public.subscription.id IS 'drawn at random, 62 bits';
COMMENT ON COLUMN public.subscription.key IS 'keyed hash of the platform and its id of the chat';
COMMENT ON COLUMN public.subscription.topic IS 'the topic that the chat subscribed to';
COMMENT ON COLUMN public.subscription.channel IS 'the platform';
COMMENT ON COLUMN public.subscription.sealed IS 'the ids of the chat and its thread, encrypted, bound to the key';
COMMENT ON COLUMN public.subscription.language IS 'the language that reminders are written in';
COMMENT ON COLUMN public.subscription.since IS 'when the chat subscribed or last renewed';
COMMENT ON COLUMN public.subscription.off IS 'the reminders switched off: 1 week, 2 day, 4 hours before';
COMMENT ON COLUMN public.subscription.paused IS 'whether the chat wants to hear nothing for now';
INSERT INTO public.alembic_version VALUES ('0002');
INSERT INTO public.key_check VALUES ('\x6fe375229b7c457f31bba36d1b6bc90b');
INSERT INTO public.reader VALUES ('\x15125929c1451ce0ab544fd718d922fe4f4b36e7785429a74d3c5f1f71c5535a', 'es', '\x921fac68156a8d2d6fc0eda66608e50a59a5cdcbce5d405e41da2c7fb13e25c826f48e2c6b686043ef2ed978ddd64535fbebd4490970a939b6ba0d9464bfd1d7fe69aba8e558d41eae2620052666948bc3d5bd292cf0e3d0dc9b6242a4657a6032c4244a21bec993f03637653975b718be9af5b80c78370454cc790f9f240a91212123f2d11380e0c87fef802280abc71eb7f5b8fa7702040d01b6a9', '2025-10-11 12:00:00+00', '2025-10-11 12:00:00+00');
INSERT INTO public.retired_key VALUES ('\xe8e19bcc537d231ae882ad797d30f915');
INSERT INTO public.subscription VALUES (3305503363749595398, '\xe1ee306e9071386d1331d733eebbbdbe998d374af43bbf3a3d67bff1e5d38c64', 'old-bridge', 'telegram', '\x6fe37522de9a0d45613e85f811e13fb32a23ef4d4a53bf373a493d2392c9a487fcd06c2f4b2c9561c078b2b8f7db275a29526b68e49dfbfcfbc72df594f8d73b', 'en', '2025-10-01 12:00:00+00', 0, false);
INSERT INTO public.subscription VALUES (3717365100881128338, '\x89a4184db1b752cc931441e3b80da22cdc1349fdffc95572d196bbbe4d7e4dca', 'old-bridge', 'telegram', '\x6fe37522e1c2a0123d0cb7c192bb1b08ae469199f54972a271bab927552f4289a1b1c910cfe92990b872b5020fef97fa91bb4bd74f15c68939371f0283666cfe', 'en', '2025-10-01 12:00:00+00', 0, true);
INSERT INTO public.subscription VALUES (4336154374022811149, '\x15125929c1451ce0ab544fd718d922fe4f4b36e7785429a74d3c5f1f71c5535a', 'old-bridge', 'telegram', '\x6fe37522b2f8a0cb82bd5f81a62eb620169ca922327d1341c1f39521e59f19522de8fe41d03268bec44419cd858734717db4ad86fba83eef25e89c27a56fa19e', 'es', '2025-10-01 12:00:00+00', 2, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.key_check
    ADD CONSTRAINT pk_key_check PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.reader
    ADD CONSTRAINT pk_reader PRIMARY KEY (key);
ALTER TABLE ONLY public.retired_key
    ADD CONSTRAINT pk_retired_key PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.subscription
    ADD CONSTRAINT pk_subscription PRIMARY KEY (id);
ALTER TABLE ONLY public.subscription
    ADD CONSTRAINT uq_subscription_key_topic UNIQUE (key, topic);
CREATE INDEX ix_reader_turn_at ON public.reader USING btree (turn_at);
CREATE INDEX ix_subscription_topic_id ON public.subscription USING btree (topic, id);
