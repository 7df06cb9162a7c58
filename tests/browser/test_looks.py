"""How the page looks and feels: on small and large screens, light and dark, to eyes and to assistive technology."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from bot.core.clock import FixedClock
from tests.browser.conftest import Visit, Visits

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
QUESTIONS = {
    "en": ("When is the vote?", "What is 287(g)?", "ice cream " * 12, "Who said what?"),
    "es": ("¿Cuándo es la votación?", "¿Qué es 287(g)?", "¿Qué clima hace?", "¿Quién dijo qué?"),
}
REHEARSAL = FixedClock(datetime(2025, 10, 24, 18, tzinfo=ZoneInfo("America/Chicago")))
OVERFLOWING = """() => [...document.querySelectorAll('body *:not(.unseen, .skip)')].filter(
    (one) => one.getBoundingClientRect().right > innerWidth + 0.5
      || (one.clientWidth && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'visible'),
  ).map((one) => one.outerHTML.slice(0, 120))"""
SMALL_TARGETS = """() => [...document.querySelectorAll('button, .chip, summary, textarea')].filter((one) => {
    const { width, height } = one.getBoundingClientRect(); return height > 0 && (height < 44 || width < 44);
}).map((one) => one.outerHTML.slice(0, 120))"""


async def converse(visit: Visit, lang: str) -> None:
    """A long conversation, with everything unfolded."""
    for question in QUESTIONS[lang]:
        await visit.ask(question)
    await visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


async def picture(visit: Visit, folder: Path, name: str) -> None:
    """Keeps what the page shows now, light and dark."""
    for scheme in ("light", "dark"):
        await visit.page.emulate_media(color_scheme=scheme)
        await visit.page.screenshot(path=folder / f"{name}-{scheme}.png")


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_long_conversation_fits(visits: Visits, pictures: Path, width: int, lang: str) -> None:
    height = {320: 568, 390: 844, 1280: 900}[width]
    visit = await visits.open(clock=REHEARSAL, viewport={"width": width, "height": height}, locale=lang)
    name = f"page-{width}-{lang}"
    await picture(visit, pictures, f"{name}-greeting")
    await converse(visit, lang)

    assert await visit.page.evaluate("document.documentElement.scrollWidth") == width
    assert await visit.page.evaluate(OVERFLOWING) == []
    assert await visit.page.evaluate(SMALL_TARGETS) == []
    await picture(visit, pictures, f"{name}-answer")
    whole = await visit.page.evaluate("document.documentElement.scrollHeight")
    await visit.page.set_viewport_size({"width": width, "height": whole})
    await picture(visit, pictures, f"{name}-whole")


async def test_accessibility_check_finds_no_serious_fault(visits: Visits) -> None:
    visit = await visits.open(clock=REHEARSAL)
    await converse(visit, "en")
    await visit.page.route("**/api/ask", lambda route: route.abort("connectionrefused"))
    await visit.ask("lost")
    visit.troubles.clear()

    for scheme in ("light", "dark"):
        await visit.page.emulate_media(color_scheme=scheme)
        found = (await Axe().run(visit.page)).response["violations"]
        faults = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
        assert faults == [], scheme


async def test_accessibility_check_can_fail(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.evaluate("document.querySelector('.send').removeAttribute('aria-label')")
    found = (await Axe().run(visit.page)).response["violations"]

    assert "button-name" in [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


async def test_dark_page_is_dark_and_light_page_light(visits: Visits) -> None:
    luminance = "Math.max(...getComputedStyle(document.documentElement).backgroundColor.match(/[0-9]+/g).map(Number))"
    dark = await visits.open(color_scheme="dark")
    light = await visits.open(color_scheme="light")

    assert await dark.page.evaluate(luminance) < 50
    assert await light.page.evaluate(luminance) > 200


@pytest.mark.parametrize("question", ["When is the vote?", "Who said what?"])
async def test_top_of_a_new_answer_is_in_sight(visits: Visits, question: str) -> None:
    visit = await visits.open(clock=REHEARSAL, viewport={"width": 320, "height": 568})
    for _ in range(2):
        await visit.ask(question)

    header = await visit.page.locator("header").bounding_box()
    asked = await visit.page.locator(".asked").last.bounding_box()
    card = await visit.page.locator(".card").last.bounding_box()
    footer = await visit.page.locator("footer").bounding_box()
    assert header
    assert asked
    assert card
    assert footer
    assert header["y"] + header["height"] <= asked["y"] < card["y"] < footer["y"] - 100


async def test_box_for_questions_stays_at_the_bottom(visits: Visits) -> None:
    visit = await visits.open(viewport={"width": 320, "height": 568})
    await converse(visit, "en")
    await visit.page.evaluate("scrollTo(0, 0)")

    footer = await visit.page.locator("footer").bounding_box()
    assert footer
    assert footer["y"] + footer["height"] == pytest.approx(568, abs=1)


async def test_set_clock_is_shown_above_the_conversation(visits: Visits) -> None:
    visit = await visits.open(clock=REHEARSAL)
    await visit.ask("vote")

    await expect(visit.page.locator(".rehearsal")).to_have_text("Rehearsal: it is Oct 24, 2025, 6:00 p.m. in Dallas.")
    await expect(visit.page.locator(".rehearsal")).to_be_in_viewport()
    await expect(visit.page.locator(".told .notice")).to_be_hidden()


async def test_set_clock_is_in_sight_on_a_phone_held_sideways(visits: Visits) -> None:
    visit = await visits.open(clock=REHEARSAL, viewport={"width": 844, "height": 390})
    await visit.ask("vote")

    await expect(visit.page.locator(".told .notice")).to_be_in_viewport()
    asked = await visit.page.locator(".asked").bounding_box()
    assert asked
    assert asked["y"] < 60


async def test_answer_for_another_instant_keeps_its_notice_under_the_real_clock(visits: Visits) -> None:
    visit = await visits.open()
    await visit.ask("vote")

    await expect(visit.page.locator(".rehearsal")).to_have_count(0)
    await expect(visit.page.locator(".told .notice")).to_be_visible()


async def test_nothing_moves_for_readers_who_asked_for_rest(visits: Visits) -> None:
    visit = await visits.open(reduced_motion="reduce")
    visit.answer.gate.clear()
    await visit.page.fill("#text", "vote")
    await visit.page.press("#text", "Enter")

    await expect(visit.page.locator(".waiting")).to_be_visible()
    assert await visit.page.evaluate("document.getAnimations().length") == 0


async def test_focus_is_always_visible(visits: Visits) -> None:
    visit = await visits.open()
    for _ in range(5):
        await visit.page.keyboard.press("Tab")
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert await visit.page.evaluate(outline) == "solid"
