// Carries on the conversation without loading the page anew. What is kept of it lives in this page alone:
// the form's hidden fields (language, last turn), and the chosen language for as long as the tab is open.

const PATIENCE = 15_000; // milliseconds for one answer
const REMEMBERED = 600_000; // milliseconds that the last turn serves follow-ups

const root = document.documentElement;
const form = document.getElementById("composer");
const { text: box, lang: chosen, hint, intent, entity } = form.elements;
const log = document.getElementById("log");
const list = log.querySelector("ol");
const touch = matchMedia("(pointer: coarse)");

let busy = false;
let keptAt = Date.now(); // when the turn in the hidden fields was answered
let newest = intent.value ? turnKept() : undefined; // what the newest entry answers, where it can be asked again

const copy = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

function setBusy(on) {
  busy = on;
  log.setAttribute("aria-busy", String(on));
  form.querySelector(".send").setAttribute("aria-disabled", String(on));
}

// --- entries of the log

function addAsked(words) {
  const entry = copy("asked");
  entry.lang = "";
  entry.querySelector(".words").textContent = words;
  list.append(entry);
  return entry;
}

function chipOf({ label, url, intent: asks, entity: about, lang }) {
  const chip = document.createElement(url ? "a" : "button");
  chip.className = "chip";
  chip.textContent = label;
  if (url) {
    chip.href = url;
  } else {
    chip.setAttribute("form", "composer");
    Object.assign(chip.dataset, { intent: asks, entity: about ?? "", lang: lang ?? "" });
  }
  return chip;
}

// The server's own markup: the page's policy runs no script in it. A source's number stays with its sentence.
const bound = (html) => html.replaceAll(" <sup>", "\u00a0<sup>");

function pictureOf({ url, alt, width, height }) {
  const link = document.createElement("a");
  Object.assign(link, { className: "picture", href: url, target: "_blank" });
  link.append(Object.assign(new Image(width, height), { src: url, alt }));
  return link;
}

function cardOf(reply) {
  const entry = copy("answered");
  entry.lang = reply.lang;
  const told = entry.querySelector(".told");
  told.innerHTML = bound(reply.html);
  if (reply.picture) told.prepend(pictureOf(reply.picture));
  entry.querySelector(".chips").append(...reply.buttons.map(chipOf));
  openElsewhere(entry);
  return entry;
}

// A source is read beside the conversation, which would be lost if the page went away.
function openElsewhere(within) {
  for (const link of within.querySelectorAll('a[href^="http"]')) {
    link.target = "_blank";
    link.rel = "noopener";
  }
}

// --- asking

function turnKept() {
  return { intent: intent.value, entity: entity.value || null };
}

function contextNow() {
  return intent.value && Date.now() - keptAt <= REMEMBERED ? turnKept() : undefined;
}

function keep(reply) {
  newest = reply.outcome === "answer" ? { intent: reply.intent, entity: reply.entity } : undefined;
  if (newest && reply.intent !== "help") { // thanks names nothing that the next question could refer to
    intent.value = reply.intent;
    entity.value = reply.entity ?? "";
    keptAt = Date.now();
  }
  hint.value = reply.lang;
  if (chosen.value && chosen.value !== reply.lang) choose(reply.lang);
}

async function fetchReply(body) {
  const response = await fetch("/api/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": hint.value },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (response.status === 429) throw new Error((await response.json()).words, { cause: "crowd" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

function ask(question, words) {
  if (busy) return undefined;
  const body = { ...question, context: contextNow(), lang: question.lang || chosen.value || undefined };
  return answer(body, addAsked(words));
}

async function answer(body, asked, takesFocus = body.intent !== undefined) {
  setBusy(true);
  const waiting = copy("waiting");
  list.append(waiting);
  asked.scrollIntoView({ block: "start" });
  let entry;
  try {
    const reply = await fetchReply(body);
    entry = cardOf(reply);
    if (body.lang) choose(body.lang);
    keep(reply);
    speak(reply.lang).catch(() => {}); // the page's words can wait; the answer is here
  } catch (error) {
    entry = failureOf(() => answer(body, asked, true), error.cause === "crowd" ? error.message : "");
  }
  const hadFocus = takesFocus || waiting.contains(document.activeElement);
  waiting.replaceWith(entry);
  setBusy(false);
  if (hadFocus) entry.querySelector(".card, .chip").focus({ preventScroll: true });
  asked.scrollIntoView({ block: "start" });
}

// `words` are the server's own, else the page's.
function failureOf(retry, words) {
  const entry = copy("failed");
  if (words) entry.querySelector("p").textContent = words;
  const button = entry.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", () => {
    if (busy) return;
    entry.remove();
    retry();
  });
  newest = undefined;
  return entry;
}

// --- languages

function choose(lang) {
  chosen.value = hint.value = lang;
  try {
    sessionStorage.setItem("lang", lang);
  } catch {
    // storage is forbidden: the form's field holds it for this page
  }
}

const offers = (lang) => lang && document.querySelector(`.languages [value="${CSS.escape(lang)}"]`);

// The language of a link to the page (`/#es`), else the one chosen in this tab.
function wantedLanguage() {
  const linked = location.hash.slice(1);
  if (linked === root.lang || offers(linked)) return linked;
  try {
    return sessionStorage.getItem("lang");
  } catch {
    return null;
  }
}

// Gives the page the words of another language; the conversation so far stays, but for a greeting that stands alone.
async function speak(lang) {
  if (lang === root.lang) return;
  const response = await fetch("/", { headers: { "Accept-Language": lang }, signal: AbortSignal.timeout(PATIENCE) });
  const other = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok || other.documentElement.lang !== lang) return;
  root.lang = lang;
  document.title = other.title;
  for (const fresh of other.querySelectorAll("[data-words]")) {
    const old = document.querySelector(`[data-words="${fresh.dataset.words}"]`);
    old?.replaceWith(document.importNode(fresh, true));
  }
  box.placeholder = other.getElementById("text").placeholder;
  log.setAttribute("aria-label", other.getElementById("log").getAttribute("aria-label"));
  form.querySelector(".send").setAttribute("aria-disabled", String(busy));
  if ("greeting" in form.dataset && list.children.length === 1) {
    list.replaceChildren(...other.querySelector("#log > ol").children);
    openElsewhere(list);
  }
}

async function switchTo(lang, name) {
  choose(lang);
  if (newest) return ask(newest, name);
  try {
    await speak(lang);
    document.querySelector(".languages button")?.focus();
  } catch {
    list.append(failureOf(() => switchTo(lang, name)));
    list.lastElementChild.scrollIntoView({ block: "end" });
  }
  return undefined;
}

// --- what the reader does

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const pressed = event.submitter;
  if (pressed?.name === "switch") {
    if (!busy) switchTo(pressed.value, pressed.textContent);
  } else if (pressed?.dataset.intent) {
    const { intent: asks, entity: about, lang } = pressed.dataset;
    const words = pressed.textContent;
    ask({ text: words, intent: asks, entity: about || null, lang }, words);
  } else if (!busy && box.value.trim()) {
    ask({ text: box.value }, box.value.trim());
    box.value = "";
    if (touch.matches) box.blur(); // the keyboard makes way for the answer
  }
});

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector(".send"));
});

if (!CSS.supports("field-sizing", "content")) {
  box.addEventListener("input", () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  });
}

// Safari lays its keyboard over the page instead of making the page smaller.
const seen = window.visualViewport;
function clearKeyboard() {
  const covered = seen.scale === 1 ? Math.max(0, window.innerHeight - seen.height - seen.offsetTop) : 0;
  root.style.setProperty("--keyboard", `${covered}px`);
}
seen?.addEventListener("resize", clearKeyboard);
seen?.addEventListener("scroll", clearKeyboard);

// What is scrolled to stays below the header, however many lines its words take.
new ResizeObserver(([{ target }]) => root.style.setProperty("--header", `${target.offsetHeight}px`))
  .observe(document.querySelector("header"));

openElsewhere(list);
const wanted = wantedLanguage();
if (offers(wanted)) {
  choose(wanted);
  speak(wanted).catch(() => {});
}
