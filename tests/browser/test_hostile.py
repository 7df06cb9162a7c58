"""A real browser on a page that strangers write into: readers, a pack, another site. Nothing of theirs runs."""

from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from bot.core.messages import Button, Incoming, Picture, Reply, Turn
from bot.phrasebook.drawing import draw_trial
from bot.platforms.web.crowd import Crowd, Share, Shares
from bot.platforms.web.origins import Proxies
from tests.browser.conftest import PatientAnswer, Visit, Visits
from tests.unit.platforms.web.samples import reply_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PNG = draw_trial('<svg xmlns="http://www.w3.org/2000/svg" width="500" height="500"/>', ())
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</textarea></template></title></style><iframe srcdoc='<script>alert(1)</script>'>",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= alert(1) %>",
    "javascript:alert(1)",
    "\u202e>)1(trela=daolno gvs<\u202c\u2066",
    "&lt;img src=x onerror=alert(1)&gt;",
)
ALL = " ".join(ATTACKS)
SCRIPTED = (
    "[...document.querySelectorAll('*')].some((one) => [...one.attributes].some(({name}) => name.startsWith('on')))"
)
FEW = Shares(questions=Share(1, 3600.0), views=Share(100, 1.0), urgent=Share(5, 1.0))


@dataclass
class HostileAnswer(PatientAnswer):
    """Answers with a stranger's words in every place that holds plain words, as a pack may."""

    links: list[str] = field(default_factory=list)

    async def __call__(self, incoming: Incoming) -> Reply:
        reply = await super().__call__(incoming)
        buttons = (Button(ALL, Turn("what_is", "term:287g")), *(Button(ALL, url=link) for link in self.links))
        shown = Picture(PNG, ALL, "/nowhere.png") if incoming.text else None
        return replace(reply_of("what_is", reply.lang), buttons=buttons, picture=shown)


def alerts(page: Page) -> list[str]:
    """What scripts of strangers would say."""
    said: list[str] = []

    async def note(dialog: object) -> None:
        said.append(str(dialog))

    page.on("dialog", note)
    return said


async def with_picture(visit: Visit) -> None:
    await visit.page.route("**/nowhere.png", lambda route: route.fulfill(body=PNG, content_type="image/png"))


async def is_clean(visit: Visit) -> bool:
    """Whether the page holds no element and no attribute that could run anything."""
    found = visit.page.locator("script:not([src]), iframe, object, embed, [src^=x], svg[onload], a[href^=javascript]")
    return await found.count() == 0 and not await visit.page.evaluate(SCRIPTED)


@pytest.mark.parametrize("has_script", [True, False])
async def test_markup_in_questions_runs_nowhere(visits: Visits, has_script: bool) -> None:
    visit = await visits.open(java_script_enabled=has_script)
    said = alerts(visit.page)
    for words in ATTACKS:
        await visit.page.fill("#text", words)
        await visit.page.locator(".send").click()
        await expect(visit.page.locator(".asked .words").last).to_have_text(words)
        if has_script:
            assert await is_clean(visit)
    assert said == []


@pytest.mark.parametrize("has_script", [True, False])
async def test_words_of_a_strangers_pack_stay_words(visits: Visits, has_script: bool) -> None:
    visit = await visits.open(answer=HostileAnswer(), java_script_enabled=has_script)
    said = alerts(visit.page)
    await with_picture(visit)
    await visit.page.fill("#text", "vote")
    await visit.page.locator(".send").click()
    chip = visit.page.locator(".answered").last.locator("button.chip")
    await expect(chip).to_have_text(ALL)
    await expect(visit.page.locator(".picture img").last).to_have_attribute("alt", ALL)
    await chip.click()
    await expect(visit.page.locator(".asked .words").last).to_have_text(ALL)
    if has_script:
        assert await is_clean(visit)
    assert said == []


@pytest.mark.parametrize("has_script", [True, False])
async def test_link_that_is_no_address_is_not_made(visits: Visits, has_script: bool) -> None:
    links = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example",
             " javascript:alert(1)", "java\tscript:alert(1)", "/\\evil.example", "file:///etc/passwd"]  # fmt: skip
    visit = await visits.open(answer=HostileAnswer(links=links), java_script_enabled=has_script)
    await with_picture(visit)
    await visit.page.fill("#text", "vote")
    await visit.page.locator(".send").click()
    await expect(visit.page.locator(".asked .words")).to_have_text("vote")
    await expect(visit.page.locator(".answered").last.locator("button.chip")).to_have_count(1)
    await expect(visit.page.locator("a.chip")).to_have_count(0)


async def test_markup_in_the_address_runs_nowhere(visits: Visits) -> None:
    visit = await visits.open()
    said = alerts(visit.page)
    words = quote(ALL)
    for place in (f"?{words}={words}&lang={words}#{words}", f"#{words}"):
        await visit.page.goto("about:blank")
        await visit.page.goto(f"{visit.url}/{place}")
        await expect(visit.page.locator(".answered")).to_have_count(1)
        assert await is_clean(visit)
    assert said == []


async def test_policy_runs_no_script_that_got_into_the_page(visits: Visits) -> None:
    visit = await visits.open()
    said = alerts(visit.page)
    await visit.page.evaluate(
        """(markup) => { document.querySelector("#log").innerHTML = markup;
        document.body.append(Object.assign(document.createElement("script"), {textContent: "alert(2)"})); }""",
        "<img src='data:,' onerror='alert(1)'>",
    )
    await visit.page.wait_for_timeout(300)
    assert said == []
    assert any("Content Security Policy" in trouble for trouble in visit.troubles)
    visit.troubles.clear()


async def test_another_site_can_neither_frame_the_page_nor_ask_through_it(visits: Visits) -> None:
    visit = await visits.open()
    other = await visits.open()  # another port is another origin
    asked = list(visit.answer.asked)
    await other.page.set_content(f'<iframe src="{visit.url}/"></iframe>')
    await other.page.wait_for_timeout(300)
    assert await other.page.frames[1].evaluate("document.querySelector('#composer')") is None
    sent = await other.page.evaluate(
        """async (url) => { const tries = [["application/json", "cors"], ["text/plain", "no-cors"]];
        const told = []; for (const [type, mode] of tries) { try { const response = await fetch(url, {
        method: "POST", mode, headers: {"Content-Type": type}, body: '{"text": "stolen"}'});
        told.push(response.type); } catch { told.push("refused"); } } return told; }""",
        f"{visit.url}/api/ask",
    )
    assert set(sent) <= {"refused", "opaque"}
    assert visit.answer.asked == asked
    other.troubles.clear()
    other.strangers.clear()


@pytest.mark.parametrize("has_script", [True, False])
async def test_crowd_is_told_calmly_and_the_question_is_kept(visits: Visits, has_script: bool) -> None:
    seconds = [1000.0]
    crowd = Crowd(Proxies((ip_network("127.0.0.1"),)), FEW, lambda: seconds[0])
    visit = await visits.open(
        crowd=crowd, java_script_enabled=has_script, locale="es-MX", extra_http_headers={"X-Forwarded-For": "5.6.7.8"}
    )
    for words in ("votación", "¿y <b>mi</b> hermano?"):
        await visit.page.fill("#text", words)
        await visit.page.locator(".send").click()
        await expect(visit.page.locator(".asked .words").last).to_have_text(words)
    await expect(visit.page.locator(".failed")).to_contain_text("Ahora mismo llegan muchísimas preguntas desde tu red.")
    assert all("429" in trouble for trouble in visit.troubles)
    visit.troubles.clear()

    seconds[0] += 3600.0
    if has_script:
        await visit.page.locator(".failed button").click()
    else:
        await expect(visit.page.locator("#text")).to_have_value("¿y <b>mi</b> hermano?")
        await visit.page.locator(".send").click()
    await expect(visit.page.locator(".failed")).to_have_count(0)
    await expect(visit.page.locator(".asked .words").last).to_have_text("¿y <b>mi</b> hermano?")
    assert [incoming.text for incoming in visit.answer.asked][-2:] == ["votación", "¿y <b>mi</b> hermano?"]
