"""Keyboards: what a button carries fits Telegram and reads back as the way it came, whatever that was."""

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.codes import TurnCodes
from bot.core.messages import Button, Turn
from bot.platforms.telegram.keyboard import MOST_DATA, Labels, Position, build_keyboard, read_press

TURNS = [Turn("help"), Turn("language"), *(Turn("what_is", f"term:word-{number}") for number in range(30))]
CODES = TurnCodes(TURNS, {"vote": TURNS[0]})
LABELS = Labels("More", "Back")
SOME_CODES = st.lists(st.sampled_from([CODES.code(turn) for turn in TURNS]), unique=True, max_size=10).map(tuple)


@given(trail=SOME_CODES, lang=st.none() | st.sampled_from(["en", "es"]))
def test_button_reads_back_as_what_it_asks_and_the_way_to_it(trail: tuple[str, ...], lang: str | None) -> None:
    here, asked = TURNS[5], TURNS[6]
    trail = tuple(code for code in trail if code not in {CODES.code(here), CODES.code(asked)})
    keyboard = build_keyboard([Button("A", asked, lang=lang)], CODES, Position(CODES.code(here), trail), LABELS)
    assert keyboard is not None
    data = keyboard.inline_keyboard[0][0].callback_data
    assert isinstance(data, str)
    assert len(data.encode()) <= MOST_DATA
    pressed = read_press(data, CODES, ("en", "es"))
    assert (pressed.turn, pressed.lang, pressed.is_known) == (asked, lang, True)
    assert pressed.trail[0] == CODES.code(here)
    assert pressed.trail[1:] == trail[: len(pressed.trail) - 1]
    assert len(pressed.trail) >= min(3, 1 + len(trail))


@given(trail=SOME_CODES, page=st.integers(1, 12), more=st.integers(0, 12))
def test_way_through_pages_and_back_fits_and_reads_back(trail: tuple[str, ...], page: int, more: int) -> None:
    here = CODES.code(TURNS[5])
    trail = tuple(code for code in trail if code != here)
    keyboard = build_keyboard([], CODES, Position(here, trail, page, page + more), LABELS)
    way = {button.text: button.callback_data for row in keyboard.inline_keyboard for button in row} if keyboard else {}
    assert ("Back" in way, "More" in way) == (page > 1 or bool(trail), more > 0)
    for label, data in way.items():
        assert isinstance(data, str)
        assert len(data.encode()) <= MOST_DATA
        pressed = read_press(data, CODES, ())
        if label == "More":
            assert (pressed.turn, pressed.page) == (TURNS[5], page + 1)


@given(st.text(max_size=70))
def test_any_data_reads_as_something(data: str) -> None:
    pressed = read_press(data, CODES, ("en", "es"))
    assert pressed.turn in TURNS
    assert pressed.is_known or pressed.turn == Turn("help")


def test_going_where_one_was_before_cuts_the_way_short() -> None:
    first, second, third = (CODES.code(turn) for turn in TURNS[2:5])
    assert read_press(f"{first}<{third}<{second}<{first}", CODES, ()).trail == ()
    assert read_press(f"{second}<{third}<{second}<{first}", CODES, ()).trail == (first,)
