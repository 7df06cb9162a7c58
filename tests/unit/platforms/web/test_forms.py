"""What the page's form may carry, by accident or on purpose."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.messages import Button, Turn
from bot.platforms.web.forms import pressed_value, read_asked, read_form
from tests.unit.platforms.web.samples import LABELS, chip, known_codes

NOW = datetime(2025, 11, 6, 12, tzinfo=UTC)
LANGUAGES = ("en", "es")
CODES = known_codes()
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first text drawn takes a second
FIELDS = st.sampled_from(["text", "press", "lang", "hint", "switch", "intent", "entity", "since"])


@UNHURRIED
@given(st.binary(max_size=300))
def test_any_body_is_read(body: bytes) -> None:
    fields = read_form(body)

    assert all(isinstance(value, str) for value in fields.values())


@UNHURRIED
@given(st.dictionaries(FIELDS, st.one_of(st.text(), st.sampled_from(["en", "help", "es", "AAAAAAAAAAAA.es x"]))))
def test_any_form_asks_something_with_known_languages_and_turns(fields: dict[str, str]) -> None:
    asked = read_asked(fields, CODES, LANGUAGES, NOW)

    assert {asked.incoming.lang, asked.incoming.lang_hint} <= {None, *LANGUAGES}
    assert asked.incoming.turn is None or CODES.turn(CODES.code(asked.incoming.turn)) == asked.incoming.turn
    assert asked.incoming.text in {"", fields.get("text"), fields.get("press", "").partition(" ")[2]}


@UNHURRIED
@given(st.text())
def test_every_label_survives_its_button(label: str) -> None:
    press = pressed_value(Button(label, Turn("what_is", "term:287g"), lang="es"), CODES)
    asked = read_asked({"press": press}, CODES, LANGUAGES, NOW)

    assert (asked.question, asked.incoming.turn, asked.incoming.lang) == (label, Turn("what_is", "term:287g"), "es")


def test_every_button_of_the_samples_is_found_again() -> None:
    for intent in LABELS:
        button = chip(intent, "es")
        asked = read_asked({"press": pressed_value(button, CODES)}, CODES, LANGUAGES, NOW)
        assert (asked.incoming.turn, asked.question) == (button.turn, button.label)
