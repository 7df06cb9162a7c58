"""A reader's conversation with the page in a real browser."""

import pytest
from playwright.async_api import Route, expect

from bot.core.messages import Turn
from bot.phrasebook.drawing import draw_trial
from tests.browser.conftest import Visits

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
FAILED_LOAD = "Failed to load resource: net::ERR_CONNECTION_REFUSED"


async def test_question_is_asked_by_keyboard_alone(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.keyboard.press("Tab")
    await expect(visit.page.locator(".skip")).to_be_focused()
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.locator("#text")).to_be_focused()
    await visit.page.keyboard.type("When is the vote?")
    await visit.page.keyboard.press("Enter")
    await visit.settled()

    await expect(visit.page.locator(".asked .words")).to_have_text("When is the vote?")
    await expect(visit.page.locator(".answered").last).to_contain_text("Expected in the first week of November 2025")
    await expect(visit.page.locator("#text")).to_be_focused()
    await expect(visit.page.locator("#text")).to_have_value("")


async def test_shift_and_enter_begin_a_new_line(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.focus("#text")
    await visit.page.keyboard.type("one")
    await visit.page.keyboard.press("Shift+Enter")
    await visit.page.keyboard.type("two")

    await expect(visit.page.locator("#text")).to_have_value("one\ntwo")
    await expect(visit.page.locator(".asked")).to_have_count(0)


async def test_button_asks_its_turn_and_the_answer_takes_the_focus(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.get_by_role("button", name="What is 287(g)?").press("Enter")
    await visit.settled()

    assert visit.answer.asked[-1].turn == Turn("what_is", "term:287g")
    await expect(visit.page.locator(".asked .words")).to_have_text("What is 287(g)?")
    await expect(visit.page.locator(".card").last).to_be_focused()


async def test_button_of_an_answer_works_as_one_of_the_greeting(visits: Visits) -> None:
    visit = await visits.open()
    await visit.ask("vote")
    await visit.page.locator(".answered").last.get_by_role("button", name="What is 287(g)?").click()
    await visit.settled()

    assert visit.answer.asked[-1].turn == Turn("what_is", "term:287g")
    assert visit.answer.asked[-1].context == Turn("when_is_the_vote")


async def test_follow_up_carries_the_last_turn_for_ten_minutes(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.clock.install()
    await visit.page.reload()
    await visit.ask("What is 287(g)?")
    await visit.ask("thanks")  # which is answered, and names nothing to refer to
    await visit.page.clock.fast_forward("09:30")
    await visit.ask("ice cream")
    assert visit.answer.asked[-1].context == Turn("what_is", "term:287g")

    await visit.page.clock.fast_forward("01:00")
    await visit.ask("and now?")
    assert visit.answer.asked[-1].context is None


async def test_language_switch_changes_the_page_and_tells_the_answer_again(visits: Visits) -> None:
    visit = await visits.open()
    await visit.ask("When is the vote?")
    await visit.page.fill("#text", "a draft")
    await visit.page.get_by_role("button", name="Español").first.click()
    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")

    await expect(visit.page.locator("h1")).to_have_text("Dallas y la oferta 287(g) de ICE")
    await expect(visit.page).to_have_title("Dallas y la oferta 287(g) de ICE")
    await expect(visit.page.locator(".answered").last).to_contain_text("Mañana: jueves 6 de noviembre")
    assert await visit.page.locator(".answered").last.get_attribute("lang") == "es"
    assert await visit.page.locator(".answered").nth(1).get_attribute("lang") == "en"
    await expect(visit.page.locator("#text")).to_have_value("a draft")

    await visit.ask("xyz")
    assert visit.answer.asked[-1].lang == "es"
    await expect(visit.page.locator(".answered").last).to_contain_text("Eso no lo sé")


@pytest.mark.parametrize("before", [(), ("When is the vote?",)])
async def test_language_switch_after_thanks_tells_of_that(visits: Visits, before: tuple[str, ...]) -> None:
    visit = await visits.open()
    for words in (*before, "thanks"):
        await visit.ask(words)
    await visit.page.get_by_role("button", name="Español").first.click()
    await expect(visit.page.locator(".answered").last).to_contain_text("Pregúntame sobre Dallas")
    assert visit.answer.asked[-1].turn == Turn("help")


async def test_language_switch_before_any_question_greets_anew(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.get_by_role("button", name="Español").click()

    await expect(visit.page.locator(".answered")).to_have_count(1)
    await expect(visit.page.locator(".answered")).to_contain_text("Pregúntame sobre Dallas")
    await expect(visit.page.get_by_role("button", name="English")).to_be_focused()


async def test_chosen_language_lives_in_the_tab_alone(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.get_by_role("button", name="Español").click()
    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")
    await visit.page.reload()
    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")

    assert await visit.context.cookies() == []
    assert await visit.page.evaluate("Object.keys(localStorage).length") == 0
    assert visit.page.url == f"{visit.url}/"


async def test_link_with_a_language_opens_the_page_in_it(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.goto("about:blank")
    await visit.page.goto(f"{visit.url}/#es")

    await expect(visit.page.locator(".answered")).to_contain_text("Pregúntame sobre Dallas")


async def test_page_follows_the_language_of_the_question(visits: Visits) -> None:
    visit = await visits.open()
    await visit.ask("¿Cuándo es la votación?")
    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")
    await visit.page.locator(".answered").last.get_by_role("button", name="¿Quién dijo qué?").click()
    await visit.settled()

    assert (visit.answer.asked[-1].lang, visit.answer.asked[-1].lang_hint) == (None, "es")
    await expect(visit.page.locator(".answered").last).to_contain_text("En contra")


async def test_language_button_of_an_answer_switches_too(visits: Visits) -> None:
    visit = await visits.open()
    await visit.ask("287")
    await visit.page.locator(".chips").last.get_by_role("button", name="Español").click()
    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")
    await visit.ask("xyz")

    assert visit.answer.asked[-1].lang == "es"


async def test_waiting_is_shown_and_said(visits: Visits) -> None:
    visit = await visits.open()
    visit.answer.gate.clear()
    await visit.page.fill("#text", "When is the vote?")
    await visit.page.press("#text", "Enter")

    await expect(visit.page.locator(".waiting")).to_be_visible()
    await expect(visit.page.locator("#log")).to_have_attribute("aria-busy", "true")
    await expect(visit.page.locator(".send")).to_have_attribute("aria-disabled", "true")
    await visit.page.fill("#text", "a second one")
    await visit.page.press("#text", "Enter")
    await expect(visit.page.locator(".asked")).to_have_count(1)

    visit.answer.gate.set()
    await visit.settled()
    await expect(visit.page.locator(".waiting")).to_have_count(0)
    await expect(visit.page.locator("#text")).to_have_value("a second one")


async def test_lost_connection_is_said_calmly_and_can_be_tried_again(visits: Visits) -> None:
    visit = await visits.open()
    await visit.page.route("**/api/ask", lambda route: route.abort("connectionrefused"))
    await visit.ask("When is the vote?")

    await expect(visit.page.locator(".failed")).to_contain_text("That did not get through")
    assert visit.troubles == [FAILED_LOAD]
    visit.troubles.clear()
    await visit.page.unroute("**/api/ask")
    await visit.page.get_by_role("button", name="Try again").click()
    await visit.settled()

    await expect(visit.page.locator(".failed")).to_have_count(0)
    await expect(visit.page.locator(".asked")).to_have_count(1)
    await expect(visit.page.locator(".answered").last).to_contain_text("Expected in the first week")
    await expect(visit.page.locator(".card").last).to_be_focused()


async def test_failing_server_is_said_calmly(visits: Visits) -> None:
    visit = await visits.open()
    visit.answer.failing = True
    await visit.ask("When is the vote?")

    await expect(visit.page.locator(".failed")).to_be_visible()
    assert all("500" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


async def test_lost_connection_while_switching_the_language_is_said(visits: Visits) -> None:
    visit = await visits.open()
    await visit.context.set_offline(True)
    await visit.page.get_by_role("button", name="Español").click()
    await expect(visit.page.locator(".failed")).to_be_visible()
    visit.troubles.clear()
    await visit.context.set_offline(False)
    await visit.page.locator(".failed button").click()

    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")
    await expect(visit.page.locator(".failed")).to_have_count(0)


async def test_markup_in_a_question_stays_text(visits: Visits) -> None:
    visit = await visits.open()
    words = "<img src=x onerror=alert(1)><b>bold</b>"
    await visit.ask(words)

    await expect(visit.page.locator(".asked .words")).to_have_text(words)
    await expect(visit.page.locator(".asked img, .asked b")).to_have_count(0)


async def test_source_opens_beside_the_conversation(visits: Visits) -> None:
    visit = await visits.open()
    await visit.ask("vote")

    link = visit.page.get_by_role("link", name="CBS News Texas")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener")


async def test_whole_conversation_works_without_script(visits: Visits) -> None:
    visit = await visits.open(java_script_enabled=False)
    await visit.page.fill("#text", "When is the vote?")
    await visit.page.locator(".send").click()
    await expect(visit.page.locator(".asked .words")).to_have_text("When is the vote?")
    await expect(visit.page.locator(".answered")).to_contain_text("Expected in the first week")
    assert visit.page.url == f"{visit.url}/"

    await visit.page.get_by_role("button", name="What is 287(g)?").click()
    await expect(visit.page.locator(".answered")).to_contain_text("A federal program")
    assert visit.answer.asked[-1].context == Turn("when_is_the_vote")

    await visit.page.locator("header").get_by_role("button", name="Español").click()
    await expect(visit.page.locator(".answered")).to_contain_text("Un programa federal")
    await expect(visit.page.locator("html")).to_have_attribute("lang", "es")
    await expect(visit.page.locator("header").get_by_role("button", name="English")).to_be_visible()


async def test_picture_is_shown_with_its_words_and_opens_beside_the_conversation(visits: Visits) -> None:
    visit = await visits.open(viewport={"width": 320, "height": 568})
    shown = {"url": "/pictures/what_happened.en.0a1b.png", "alt": "Timeline: <11> entries", "width": 300, "height": 900}
    png = draw_trial('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="900"/>', ())

    async def with_picture(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, json={**await response.json(), "picture": shown})

    await visit.page.route("**/api/ask", with_picture)
    await visit.page.route("**/pictures/*", lambda route: route.fulfill(body=png, content_type="image/png"))
    await visit.ask("When is the vote?")
    image = visit.page.get_by_role("img", name="Timeline: <11> entries")
    await expect(image).to_be_visible()
    wide, high = await image.evaluate("(one) => [one.clientWidth, one.clientHeight]")
    assert high == pytest.approx(3 * wide, rel=0.02)
    assert await visit.page.evaluate("document.documentElement.scrollWidth") == 320
    await expect(visit.page.locator("a.picture")).to_have_attribute("target", "_blank")
    assert visit.troubles == []
