CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.campaign (
    id integer NOT NULL,
    topic character varying(64) NOT NULL,
    key character varying(64) NOT NULL,
    notices text NOT NULL,
    state smallint NOT NULL,
    silent boolean NOT NULL,
    told boolean NOT NULL,
    ending boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone NOT NULL,
    useful_until timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    round smallint NOT NULL,
    planned_to bigint NOT NULL
);
COMMENT ON COLUMN public.campaign.id IS 'never used again';
COMMENT ON COLUMN public.campaign.notices IS 'JSON: item, kind, version, send_at, useful_until, silent of each';
COMMENT ON COLUMN public.campaign.state IS 'CampaignState';
COMMENT ON COLUMN public.campaign.told IS 'is sent to somebody';
COMMENT ON COLUMN public.campaign.ending IS 'ends the subscriptions made before it';
COMMENT ON COLUMN public.campaign.created_at IS 'by the topic''s clock';
COMMENT ON COLUMN public.campaign.closes_at IS 'whoever subscribes until then is a recipient';
COMMENT ON COLUMN public.campaign.ended_at IS 'subscriptions made before it only get corrections of this';
COMMENT ON COLUMN public.campaign.round IS '0: recipients looked up; 1: again at closes_at; 2: known';
COMMENT ON COLUMN public.campaign.planned_to IS 'the subscription up to which this round has come';
CREATE SEQUENCE public.campaign_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.campaign_id_seq OWNED BY public.campaign.id;
CREATE TABLE public.chunk (
    id integer NOT NULL,
    campaign_id integer NOT NULL,
    state smallint NOT NULL,
    run smallint NOT NULL,
    epoch integer NOT NULL,
    replica character varying(64),
    total smallint NOT NULL,
    sent smallint NOT NULL,
    rejected smallint NOT NULL,
    skipped smallint NOT NULL
);
COMMENT ON COLUMN public.chunk.id IS 'never used again: jobs are named by it';
COMMENT ON COLUMN public.chunk.state IS '0: waits; 1: a job has it; 2: only repetitions left; 3: done';
COMMENT ON COLUMN public.chunk.run IS 'how often it was handed back';
COMMENT ON COLUMN public.chunk.epoch IS 'raised by each owner; who has an older one may claim nothing';
COMMENT ON COLUMN public.chunk.replica IS 'the owner';
CREATE SEQUENCE public.chunk_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.chunk_id_seq OWNED BY public.chunk.id;
CREATE TABLE public.content (
    topic character varying(64) NOT NULL,
    digest character varying(32) NOT NULL,
    replica character varying(64) NOT NULL
);
COMMENT ON COLUMN public.content.digest IS 'of all dates and what is told of them';
COMMENT ON COLUMN public.content.replica IS 'who started with it last';
CREATE TABLE public.delivery (
    chunk_id integer NOT NULL,
    subscription_id bigint NOT NULL,
    state smallint NOT NULL,
    attempt smallint NOT NULL,
    message_id bigint
);
COMMENT ON COLUMN public.delivery.state IS 'DeliveryState';
COMMENT ON COLUMN public.delivery.attempt IS 'how often it was tried';
COMMENT ON COLUMN public.delivery.message_id IS 'the platform''s id of the message';
CREATE TABLE public.key_check (
    fingerprint bytea NOT NULL
);
CREATE TABLE public.notice (
    topic character varying(64) NOT NULL,
    key character varying(128) NOT NULL,
    campaign_id integer NOT NULL
);
CREATE TABLE public.rate_bucket (
    id smallint NOT NULL,
    next_at double precision NOT NULL,
    closed_from double precision NOT NULL,
    closed_until double precision NOT NULL
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
CREATE TABLE public.replica (
    name character varying(64) NOT NULL,
    heartbeat integer NOT NULL
);
CREATE TABLE public.retired_key (
    fingerprint bytea NOT NULL
);
CREATE TABLE public.seen (
    topic character varying(64) NOT NULL,
    item character varying(64) NOT NULL,
    told text NOT NULL,
    number integer NOT NULL
);
COMMENT ON COLUMN public.seen.number IS 'changes so far';
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
ALTER TABLE ONLY public.campaign ALTER COLUMN id SET DEFAULT nextval('public.campaign_id_seq'::regclass);
ALTER TABLE ONLY public.chunk ALTER COLUMN id SET DEFAULT nextval('public.chunk_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.campaign VALUES (1, 'old-bridge', 'week-ylcdjdtv', '[["mending","week","v1","2025-10-11T12:00:00+00:00","2026-10-11T12:00:00+00:00",false]]', 0, false, true, false, '2025-10-11 12:00:00+00', '2025-10-11 12:00:00+00', '2026-10-11 12:00:00+00', NULL, 2, 3344934802509802317);
INSERT INTO public.chunk VALUES (1, 1, 1, 0, 1, 'alone', 2, 1, 0, 0);
INSERT INTO public.content VALUES ('old-bridge', 'a digest of all dates', 'alone');
INSERT INTO public.delivery VALUES (1, 2074349551928708386, 1, 0, NULL);
INSERT INTO public.delivery VALUES (1, 3344934802509802317, 2, 1, 287);
INSERT INTO public.key_check VALUES ('\x6fe375229b7c457f31bba36d1b6bc90b');
INSERT INTO public.notice VALUES ('old-bridge', 'mending/week/v1', 1);
INSERT INTO public.rate_bucket VALUES (1, 1795341523.8425999, 0, 0);
INSERT INTO public.reader VALUES ('\x15125929c1451ce0ab544fd718d922fe4f4b36e7785429a74d3c5f1f71c5535a', 'es', '\x901254fdf0e236d3ac9483eb8bc64bb01ef86082a5dbe45563e055f1fee368dd6af66680dbaca44635dd6428df396794169e956de9b8281144fbe265b3f1ec2f4d09a9db5d8e2ebc0539c5303cb4e1373ee0fc9685721319bac74ebee0f35f6bf33ccd96c52324932e2cb9a3f1aad73f66dfae4244327a3089478cbc0fe14370de7a39240d946a6e85d60d92739bf3755afeeb951748d34a52257de5', '2025-10-11 12:00:00+00', '2025-10-11 12:00:00+00');
INSERT INTO public.replica VALUES ('alone', 0);
INSERT INTO public.retired_key VALUES ('\xe8e19bcc537d231ae882ad797d30f915');
INSERT INTO public.seen VALUES ('old-bridge', 'mending', 'as it was told', 0);
INSERT INTO public.subscription VALUES (2074349551928708386, '\xe1ee306e9071386d1331d733eebbbdbe998d374af43bbf3a3d67bff1e5d38c64', 'old-bridge', 'telegram', '\x6fe3752218289b89143e9ea78c8456f18e9ba91a0505df4a5cb2ef85dc37c0da0f3b97c6c4d03a89ebcf469a3e172c68b27dc271bfb2834bbc487c73c4da8aa4', 'en', '2025-10-01 12:00:00+00', 0, false);
INSERT INTO public.subscription VALUES (2016801477441213643, '\x89a4184db1b752cc931441e3b80da22cdc1349fdffc95572d196bbbe4d7e4dca', 'old-bridge', 'telegram', '\x6fe37522ccdc6159b323ea57c82834141581aed6f66e71646af2eef1630536d2ba744e663fc0913bec0c73cdd71632708c6dab23b2e7d39e98cbd1d4d47ff9e1', 'en', '2025-10-01 12:00:00+00', 0, true);
INSERT INTO public.subscription VALUES (3344934802509802317, '\x15125929c1451ce0ab544fd718d922fe4f4b36e7785429a74d3c5f1f71c5535a', 'old-bridge', 'telegram', '\x6fe375225babfb38badccfad353ddf0882181e8bd03edf44c2b74d76a4457a449294c7e1ce69cd7c7d32099596a0295b82a0907befcdfcac2ba30e35a608a8ab', 'es', '2025-10-01 12:00:00+00', 2, false);
SELECT pg_catalog.setval('public.campaign_id_seq', 1, false);
SELECT pg_catalog.setval('public.chunk_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT pk_campaign PRIMARY KEY (id);
ALTER TABLE ONLY public.chunk
    ADD CONSTRAINT pk_chunk PRIMARY KEY (id);
ALTER TABLE ONLY public.content
    ADD CONSTRAINT pk_content PRIMARY KEY (topic);
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT pk_delivery PRIMARY KEY (chunk_id, subscription_id);
ALTER TABLE ONLY public.key_check
    ADD CONSTRAINT pk_key_check PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT pk_notice PRIMARY KEY (topic, key);
ALTER TABLE ONLY public.rate_bucket
    ADD CONSTRAINT pk_rate_bucket PRIMARY KEY (id);
ALTER TABLE ONLY public.reader
    ADD CONSTRAINT pk_reader PRIMARY KEY (key);
ALTER TABLE ONLY public.replica
    ADD CONSTRAINT pk_replica PRIMARY KEY (name);
ALTER TABLE ONLY public.retired_key
    ADD CONSTRAINT pk_retired_key PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT pk_seen PRIMARY KEY (topic, item);
ALTER TABLE ONLY public.subscription
    ADD CONSTRAINT pk_subscription PRIMARY KEY (id);
ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT uq_campaign_topic_key UNIQUE (topic, key);
ALTER TABLE ONLY public.subscription
    ADD CONSTRAINT uq_subscription_key_topic UNIQUE (key, topic);
CREATE INDEX ix_chunk_campaign_id_state ON public.chunk USING btree (campaign_id, state);
CREATE INDEX ix_delivery_subscription_id ON public.delivery USING btree (subscription_id);
CREATE INDEX ix_reader_turn_at ON public.reader USING btree (turn_at);
CREATE INDEX ix_subscription_topic_id ON public.subscription USING btree (topic, id);
ALTER TABLE ONLY public.chunk
    ADD CONSTRAINT fk_chunk_campaign_id_campaign FOREIGN KEY (campaign_id) REFERENCES public.campaign(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_chunk_id_chunk FOREIGN KEY (chunk_id) REFERENCES public.chunk(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT fk_delivery_subscription_id_subscription FOREIGN KEY (subscription_id) REFERENCES public.subscription(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notice
    ADD CONSTRAINT fk_notice_campaign_id_campaign FOREIGN KEY (campaign_id) REFERENCES public.campaign(id);
