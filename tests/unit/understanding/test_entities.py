"""Tests of who and what a message names."""

from collections import Counter

import pytest

from bot.core.messages import Turn
from bot.understanding.entities import EntityFinder
from bot.understanding.linking import Linker
from bot.understanding.normalisation import folded
from bot.understanding.phrases import Phrases
from bot.understanding.reading import Reader
from bot.understanding.spelling import Spelling
from tests.unit.understanding.packs import dallas

KNOWLEDGE = dallas()
FINDER = EntityFinder(KNOWLEDGE.entities)
PHRASES = Phrases(KNOWLEDGE.statements, KNOWLEDGE.entities, FINDER.words)
WRITTEN = Counter(word for one in KNOWLEDGE.questions for word in folded(one.text).split())
READER = Reader(FINDER, Spelling(WRITTEN, FINDER.words), KNOWLEDGE.places)
LINKER = Linker(
    PHRASES, {**KNOWLEDGE.kinds, "who_said_what": ("person", "org")}, KNOWLEDGE.gates.rules, KNOWLEDGE.subjects
)


def test_a_pack_says_of_what_everybody_speaks() -> None:
    reading = READER.read("ice the mayor", lambda _: False)
    for subjects, asked in ((["org:ice"], "person:eric-johnson"), (["person:eric-johnson"], "org:ice")):
        linker = Linker(PHRASES, KNOWLEDGE.kinds, KNOWLEDGE.gates.rules, subjects)
        assert linker.entity("where_they_stand", reading, None) == asked


def linked(intent: str, text: str, context: Turn | None = None) -> str | None:
    """The entity that `text` asks of."""
    return LINKER.entity(intent, READER.read(text, lambda _: False), context)


@pytest.mark.parametrize(
    ("intent", "text", "entity"),
    [
        ("what_did_they_say", "what did the top cop say", "person:comeaux"),
        ("what_did_they_say", "qué dijo el alcalde sobre ICE", "person:eric-johnson"),
        ("what_did_they_say", "what did ICE say about quotas", "org:ice"),
        ("what_did_they_say", "the mayor's argument", "person:eric-johnson"),
        ("where_they_stand", "is bazaldua for it", "person:bazaldua"),
        ("where_they_stand", "is mendelshon for it", "person:mendelsohn"),
        ("what_is", "what is la migra", "term:ice"),
        ("what_is", "whats 287 g", "term:287g"),
        ("what_is", "what is 287(g)", "term:287g"),
        ("what_is", "who is the city manager", "person:tolbert"),
        ("what_is", "explain the task force model", "term:task-force-model"),
        ("what_did_they_say", "what did maxie johnson say", "person:maxie-johnson"),
        ("what_did_they_say", "what did comaeux say", "person:comeaux"),
        ("who_said_what", "who said 'not a crime deterrent'?", "person:cooper"),
        ("who_said_what", "who called it a callous political stunt", "person:resendez"),
        ("who_said_what", "who said awareness and approval", "person:tolbert"),
        ("what_did_they_say", "qué dijo la migra", "org:ice"),
        ("what_did_they_say", "qué dijo la cherif", "person:marian-brown"),
        ("what_did_they_say", "what did the johnson on the council say", "person:maxie-johnson"),
        ("what_did_they_say", "what did the person in charge of the police say", "person:comeaux"),
        ("what_did_they_say", "what did mayer jonson say", "person:eric-johnson"),
        ("what_did_they_say", "what did the workers defense woman say", "person:nunez"),
        ("what_did_they_say", "como contestó la administradora", "person:tolbert"),
        ("where_they_stand", "komo va a votar basaldua", "person:bazaldua"),
        ("when_is_the_vote", "when does moreno vote", None),
        ("what_did_they_say", "what did they say", None),
        ("where_they_stand", "mayor's position on 287g", "person:eric-johnson"),
        ("where_they_stand", "is cara on the mayor’s side?", "person:mendelsohn"),
        ("where_they_stand", "CBS asked the mayor for his position", "person:eric-johnson"),
        ("what_did_they_say", "what did comeaux's boss say", "person:tolbert"),
        ("what_did_they_say", "la respuesta de ICE a Comeaux, ¿cuál fue?", "org:ice"),
        ("what_did_they_say", "after ICE's offer what does the chief say", "person:comeaux"),
        ("what_is", "explain 287g task force", "term:task-force-model"),
        ("what_is", "I keep hearing the mayor talk about a 287 (G) agreement", "term:287g"),
        ("what_is", "who is comeaux and what has he to do with 287g", "person:comeaux"),
        ("who_said_what", "was it bazaldua who said misguided and dangerous", "person:resendez"),
    ],
)
def test_message_names_its_entity(intent: str, text: str, entity: str | None) -> None:
    assert linked(intent, text) == entity


def test_pronoun_means_whom_the_turn_before_named() -> None:
    before = Turn("where_they_stand", "person:cadena")
    assert linked("what_did_they_say", "and what did she say", before) == "person:cadena"
    assert linked("what_did_they_say", "what did moreno say of her", before) == "person:moreno"


@pytest.mark.parametrize(
    ("text", "before", "turn"),
    [
        ("and the mayor?", Turn("where_they_stand", "person:moreno"), Turn("where_they_stand", "person:eric-johnson")),
        ("y ella?", Turn("what_did_they_say", "person:cadena"), Turn("what_did_they_say", "person:cadena")),
        ("what about cadena", Turn("when_is_the_vote"), None),
        ("why?", Turn("where_they_stand", "person:comeaux"), Turn("what_did_they_say", "person:comeaux")),
        ("287g", None, Turn("what_is", "term:287g")),
        ("y la sb8", Turn("what_is", "term:287g"), Turn("what_is", "term:sb8")),
    ],
)
def test_follow_up_takes_the_rest_from_the_turn_before(text: str, before: Turn | None, turn: Turn | None) -> None:
    found = LINKER.follow_up(READER.read(text, lambda _: True), before)
    assert found is not None
    assert found.sure == (turn is not None)
    assert turn is None or found.turns == (turn,)


def test_whole_question_is_no_follow_up() -> None:
    assert LINKER.follow_up(READER.read("when is the vote", lambda _: True), Turn("what_is", "term:287g")) is None


def test_slip_is_mended_and_a_real_word_is_not() -> None:
    read = READER.read("wehn does the concil vtoe on the boat", lambda word: word == "boat")
    assert read.words[:5] == ("when", "does", "the", "council", "vote")
    assert read.words[-1] == "boat"


@pytest.mark.parametrize(
    "text", ["it's an emergency", "that’s all thanks", "who's Ken Paxton", "let's see", "the one's"]
)
def test_contraction_is_no_possessive(text: str) -> None:
    read = READER.read(text, lambda _: True)
    assert read.words == read.raw == tuple(folded(text).split())


def test_possessive_is_read_as_its_owner_and_kept_as_written() -> None:
    read = READER.read("ICE's at my door", lambda _: True)
    assert (read.words, read.raw) == (("ice", "at", "my", "door"), ("ices", "at", "my", "door"))


def test_names_become_general_for_the_heads() -> None:
    read = READER.read("what did Bazaldua say about Houston", lambda _: True)
    assert read.shape == ("what", "did", "@person", "say", "about", "@place")
    assert read.encoded == "what did Johnson say about Houston"


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("sheriffs deport people", "person:marian-brown"),
        ("mayors want money from ice", "person:eric-johnson"),
        ("councils vote on budgets", "org:city-council"),
        ("what do state laws say about recording police", "term:sb8"),
        ("is it state law that i carry id", "term:sb8"),
        ("are task forces legal", "term:task-force-model"),
    ],
)
def test_several_of_a_kind_are_nobody(text: str, entity: str) -> None:
    assert all(entity not in mention.ids for mention in FINDER.find(text.split()))


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("what were the mayor pro tems words", "person:moreno"),
        ("the chiefs answer", "person:comeaux"),
        ("comeauxs answer", "person:comeaux"),
        ("how does council member maxie johnson feel", "person:maxie-johnson"),
        ("el concilio esta en contra", "org:city-council"),
        ("la ley nueva de texas", "term:sb8"),
    ],
)
def test_titles_and_possessives_are_somebody(text: str, entity: str) -> None:
    found = FINDER.find(text.split())
    assert [mention.ids[0] for mention in found] == [entity]
