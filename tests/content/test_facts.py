# ruff: noqa: E501 - the table has a fact in each line
"""Every fact of the dossier can be asked for, and comes out with its source, in both languages."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from bot.core.messages import Reply
from bot.editorial.content import Content
from bot.platforms.markup import parse
from bot.platforms.plaintext import block_text, to_text

Ask = Callable[..., Reply]
LATE = "2026-11-21T12:00"
THEN = "2025-10-24T18:00"

# number: instant, intent, entity, a word of it in English, in Spanish, one of its sources
FACTS: dict[str, tuple[str, str, str | None, str, str, str]] = {
    "A1": (THEN, "how_much_money", None, "$25 million", "25 millones de dólares", "council-respond"),
    "A1 both": (THEN, "what_is", "org:ice", "It offered Dallas police $25 million", "25 millones", "cbs-backlash"),
    "A1 task force": (THEN, "what_is", "term:287g", "task force", "task force", "council-respond"),
    "A2": (THEN, "what_did_they_say", "person:comeaux", "find or detain people suspected", "busquen o detengan", "council-respond"),
    "A3": (THEN, "what_did_they_say", "person:eric-johnson", "with no impact on the city's budget.", "sin impacto en el presupuesto", "council-respond"),
    "A3 written": (THEN, "what_did_they_say", "person:eric-johnson", "keeping criminals off the streets.", "delincuentes fuera de las calles", "council-respond"),
    "A4": (THEN, "what_did_they_say", "person:resendez", "callous political stunt", "maniobra política insensible", "council-respond"),
    "A4 district": (THEN, "what_is", "person:resendez", "District 5", "Distrito 5", "council-respond"),
    "A5": (THEN, "what_did_they_say", "person:resendez", "focused on proven solutions.", "soluciones probadas", "council-respond"),
    "A6": (THEN, "what_did_they_say", "person:resendez", "a betrayal of trust to Dallas communities.", "una traición a la confianza", "council-respond"),
    "A7": (THEN, "what_did_they_say", "person:comeaux", "domestic violence offenders to keep our neighborhoods safe", "violencia doméstica", "cbs-backlash"),
    "A8": ("2025-10-20T12:30", "when_is_the_vote", None, "on Wednesday", "el miércoles", "council-respond"),
    "A9": (THEN, "what_happened", None, "advocates spoke against the mayor's request", "en contra de la petición del alcalde", "cbs-backlash"),
    "A10": (THEN, "what_did_they_say", "person:nunez", "this kind of fear and violence", "miedo y violencia", "cbs-backlash"),
    "A11": (THEN, "what_did_they_say", "person:cooper", "more stop and frisking", "cacheos", "cbs-backlash"),
    "A11 second": (THEN, "what_did_they_say", "person:cooper", "does not keep our people safer", "no da más seguridad", "cbs-backlash"),
    "A12": (THEN, "what_is", "term:287g", "under federal authority", "bajo autoridad federal", "cbs-backlash"),
    "A13": (THEN, "what_is", "term:287g", "now require", "now require", "cbs-backlash"),
    "A14": (THEN, "what_did_they_say", "person:cadena", "planned to vote against", "votar en contra", "cbs-backlash"),
    "A15": (THEN, "what_did_they_say", "person:moreno", "we don't want to go backwards", "no queremos retroceder", "cbs-backlash"),
    "A16": (THEN, "where_they_stand", "person:eric-johnson", "had not answered", "no había respondido", "cbs-backlash"),
    "A17": (THEN, "when_is_the_vote", None, "first week of November", "primera semana de noviembre", "cbs-backlash"),
    "A18": (THEN, "what_happened", None, "just last week", "just last week", "cbs-backlash"),
    "A18 unknown day": (THEN, "what_happened", None, "On which day he had turned it down is not known", "No se sabe qué día", "kera-2025-10-20"),
    "F1": (LATE, "what_did_they_say", "person:comeaux", "Turned it down.", "Lo rechacé.", "dmn-october"),
    "F1 board": (LATE, "what_happened", None, "Community Police Oversight Board", "Junta Comunitaria", "kera-2025-10-20"),
    "F2": (LATE, "what_happened", None, "Maxie Johnson, chair of the Government Efficiency committee", "Maxie Johnson", "dallas-observer-memo"),
    "F3": (LATE, "what_did_they_say", "person:blackmon", "the very communities they are sworn to protect", "sworn to protect", "dmn-2025-10-20"),
    "F4": (LATE, "what_happened", None, "The Dallas City Council met", "Sesionó el Concejo", "city-video-2025-10-22"),
    "F5": (LATE, "what_happened", None, "eleven council members had signed", "once miembros del concejo", "kera-2025-10-27"),
    "F5 gathering": (LATE, "what_happened", None, "gathered at City Hall", "se reunieron en el Ayuntamiento", "kera-2025-10-27"),
    "F6": (LATE, "what_did_they_say", "person:eric-johnson", "wildly different things", "totalmente distintas", "cbs-2025-11-05"),
    "F6 met": (LATE, "what_happened", None, "met ICE officials", "funcionarios de ICE", "cbs-2025-11-05"),
    "F6 models": (LATE, "what_is", "term:287g", "1996", "1996", "cbs-2025-11-05"),
    "F6 jail": (LATE, "what_is", "term:jail-enforcement-model", "inside jails", "dentro de las cárceles", "cbs-2025-11-05"),
    "F7": ("2025-11-05T12:00", "when_is_the_vote", None, "9:00 a.m.", "9:00 a. m.", "dmn-november"),
    "F7 open": ("2025-11-05T12:00", "how_to_take_part", None, "open to the public", "abierta al público", "dmn-november"),
    "F8": (LATE, "when_is_the_vote", None, "unanimously", "unanimidad", "kera-2025-11-06"),
    "F8 motion": (LATE, "what_happened", None, "Adam Bazaldua's motion", "moción de Adam Bazaldua", "fox4"),
    "F8 absent": (LATE, "what_happened", None, "Chad West was not present", "Chad West no estuvo presente", "fox4"),
    "F9": (LATE, "what_happened", None, "nearly 80", "casi 80", "fox4"),
    "F9 other": (LATE, "what_happened", None, "more than 70", "más de 70", "particle-news"),
    "F10": (LATE, "how_much_money", None, "about 50 arrests a day", "50 arrestos al día", "beat-dfw"),
    "F10 ICE": (LATE, "what_did_they_say", "org:ice", "denied that quotas exist", "que existan cuotas", "particle-news"),
    "F11": (LATE, "where_they_stand", "person:eric-johnson", "supports the council's decision", "apoya la decisión del concejo", "kera-2025-11-07"),
    "F12": (LATE, "what_is", "term:sb8", "Every sheriff whose county runs a jail must", "Cada alguacil", "texas-legislature"),
    "F12 grants": (LATE, "how_much_money", None, "$80,000 to $140,000", "80,000 a 140,000", "texas-standard"),
    "F12 chapter": (LATE, "what_is", "term:sb8", "chapter 753", "capítulo 753", "texas-legislature"),
    "F12 police": (LATE, "what_is", "term:sb8", "not for city police", "no para la policía de la ciudad", "texas-standard"),
    "F13": (LATE, "what_did_they_say", "person:marian-brown", "until December 1, 2026", "1 de diciembre de 2026", "krld"),
    "F14": (LATE, "what_happened", None, "revised their policy", "cambió su política", "texas-tribune"),
    "F14 money": (LATE, "how_much_money", None, "$32 million", "32 millones", "texas-tribune"),
    "F15": (LATE, "how_to_take_part", None, "214-670-3738", "214-670-3738", "city-secretary-rules"),
    "F15 hours": (LATE, "how_to_take_part", None, "8:15 a.m.", "8:15 a. m.", "city-secretary-faq"),
    "F15 microphone": (LATE, "how_to_take_part", None, "once in 30 days", "30 días", "city-secretary-rules"),
    "F15 outside": (LATE, "how_to_take_part", None, "outside Dallas may speak; residents come first", "residentes van primero", "city-secretary-faq"),
    "F16": (LATE, "who_decides", None, "equal votes on policy", "valen igual", "dmn-2024"),
    "F16 manager": (LATE, "what_did_they_say", "person:tolbert", "without my awareness and approval", "sin mi conocimiento", "kera-2025-11-06"),
    "F17": (LATE, "how_much_money", None, "25 percent", "25 por ciento", "dmn-november"),
    "F17 most": (LATE, "how_much_money", None, "the most that the city could get", "lo máximo", "dmn-november"),
    "F17 officers": (LATE, "how_much_money", None, "250 officers", "250 policías", "fox4"),
    "F17 trained": (LATE, "how_much_money", None, "3,200 trained officers", "3,200 policías", "particle-news"),
}  # fmt: skip


def line_with(reply: Reply, words: str) -> str:
    """The line of an answer that holds `words`; empty where none does."""
    lines = (line for block in parse(reply.html)[:-1] for line in block_text(block).split("\n"))
    return next((line for line in lines if words in line), "")


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("fact", FACTS)
def test_fact_can_be_asked_for_and_is_told_with_its_source(ask: Ask, fact: str, lang: str) -> None:
    at, intent, entity, english, spanish, source = FACTS[fact]
    reply = ask(at, intent, entity, lang=lang)
    words = {"en": english, "es": spanish}[lang]
    line = line_with(reply, words)
    assert line, f"{words!r} is not in the answer"
    number = [note.id for note in reply.sources].index(source) + 1
    assert f"[{number}]" in line


def test_every_number_of_the_dossier_is_asked_for() -> None:
    asked = {fact.split()[0] for fact in FACTS}
    assert asked == {f"A{number}" for number in range(1, 19)} | {f"F{number}" for number in range(1, 18)}


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("intent", ["in_distress", "legal_advice"])
def test_refusals_point_to_help_and_give_no_advice(ask: Ask, intent: str, lang: str) -> None:
    reply = ask(LATE, intent, lang=lang)
    assert reply.outcome == "refuse"
    assert "https://www.immigrationlawhelp.org" in reply.html
    assert "https://locator.ice.gov" in reply.html
    assert ('href="tel:911"' in reply.html) == (intent == "in_distress")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_whoever_thinks_of_dying_reads_of_the_lifeline_first(ask: Ask, lang: str) -> None:
    html = ask(LATE, "in_distress", "option:self-harm", lang=lang).html
    assert html.index('href="tel:988"') < html.index('href="tel:911"')
    assert "https://988lifeline.org" in html
    assert "locator.ice.gov" not in html


@pytest.mark.parametrize(("lang", "first"), [("en", "You're welcome. Ask"), ("es", "De nada. Pregunta")])
def test_thanks_are_answered_in_a_line_and_not_with_the_whole_greeting(ask: Ask, lang: str, first: str) -> None:
    thanked, greeted = (to_text(ask(LATE, "help", option, lang=lang).html) for option in ("option:thanks", None))
    assert thanked.startswith(first)
    assert len(thanked.splitlines()) < len(greeted.splitlines())


def test_what_was_not_checked_against_its_text_is_said(ask: Ask) -> None:
    html = ask(LATE, "sources").html
    assert "Not checked against the text: " in html
    assert "no address at hand" in html


@pytest.mark.parametrize(("lang", "words"), [("en", "copy at"), ("es", "copia en")])
def test_a_link_to_a_copy_says_where_it_leads_and_is_not_named_after_the_publisher(
    ask: Ask, content: Content, lang: str, words: str
) -> None:
    copies = {one.copy_url: one for one in content.base.sources.values() if one.copy_url and not one.url}
    html = "".join(ask(LATE, intent, lang=lang).html for intent in ("sources", "what_happened", "how_much_money"))
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', html)
    assert copies.keys() <= {address for address, _ in links}
    for address, label in links:
        if address in copies:
            site = urlsplit(address).hostname or ""
            assert label == f"{words} {site.removeprefix('www.')}"
