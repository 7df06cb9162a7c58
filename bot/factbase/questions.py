"""The example questions of a pack: what residents may write for each intent, language by language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.findings import Finding, Level
from bot.core.wording import counted
from bot.factbase.files import files_in
from bot.factbase.yaml_tree import Steps, Tree, read_tree

FEWEST = 20  # questions of an intent and language, below which nobody's words are likely to be found
LONGEST = 400  # characters
MOST = 34_000  # questions of a pack: of more, a machine of 512 MB has no room to learn beside the bot


@dataclass(frozen=True, slots=True)
class Question:
    """One example. Questions of one `group` are paraphrases of one another. `line` is where it stands; `entity` whom it
    asks of where its words do not name anybody, as in "who said 50 arrests a day?"."""

    text: str
    intent: str
    lang: str
    group: int
    line: int
    entity: str | None = None


def load_questions(
    folder: Path, intents: Iterable[str], languages: Sequence[str]
) -> tuple[list[Question], list[Finding]]:
    """Reads `questions/<lang>.yaml` of the pack in `folder`; `intents` are those that exist."""
    known = set(intents)
    questions: list[Question] = []
    findings: list[Finding] = []
    written = [path for path in files_in(folder / "questions") if path.suffix in {".yaml", ".yml"}]
    for path in written:
        tree = read_tree(path, str(path), folder)
        if path.stem not in languages:
            tree.report(
                (), f"the topic has no language {path.stem!r}", "add it to languages in topic.yaml, or rename the file"
            )
        elif not isinstance(tree.data, dict):
            if not tree.findings:
                tree.report((), "this is not a list of intents", "write `intent:` and its questions below")
        else:
            questions += _read(tree, path.stem, known, len(questions))
            findings += _too_few(tree, path.stem, known, questions)
            if len(questions) > MOST:
                tree.report((), f"{len(questions)} questions, more than {MOST}", "keep those that differ most")
        findings += tree.findings
    for lang in sorted(set(languages) - {question.lang for question in questions} - {path.stem for path in written}):
        name = str(folder / "questions" / f"{lang}.yaml")
        findings.append(
            Finding(
                name, 1, "", f"no questions in {lang!r}", "write some: nobody is understood without them", Level.WARNING
            )
        )
    return questions, findings


def _read(tree: Tree, lang: str, known: set[str], group: int) -> list[Question]:
    found: list[Question] = []
    seen: dict[str, tuple[str, int]] = {}
    for intent, items in tree.data.items():
        if intent not in known:
            tree.report((intent,), f"there is no intent {intent!r}", "see responses/intents.yaml for the names")
            continue
        if not isinstance(items, list):
            tree.report((intent,), "this is not a list", "begin each question with `- `")
            continue
        for index, item in enumerate(items):
            group += 1
            entity, asked = _asked(tree, (intent, index), item)
            for steps, text in asked:
                if _is_sound(tree, steps, text, seen, intent):
                    found.append(Question(str(text), intent, lang, group, tree.line(steps), entity))
    return found


def _asked(tree: Tree, steps: Steps, item: object) -> tuple[str | None, list[tuple[Steps, object]]]:
    """Whom an item asks of, and its questions with their places: one question, a list, or `{of: …, asked: [...]}`."""
    entity = None
    if isinstance(item, dict):
        if set(item) != {"of", "asked"} or not isinstance(item["of"], str):
            tree.report(
                steps, "this is not a question", "write {of: person:…, asked: [one, other]}, or the words alone"
            )
            return None, []
        entity, item, steps = item["of"], item["asked"], (*steps, "asked")
    if not isinstance(item, list):
        return entity, [(steps, item)]
    return entity, [((*steps, place), text) for place, text in enumerate(item)]


def _is_sound(tree: Tree, steps: Steps, text: object, seen: dict[str, tuple[str, int]], intent: str) -> bool:
    if not isinstance(text, str) or not text.strip():
        tree.report(
            steps, "this is not a question", "write the words of a reader; paraphrases of one question as [one, other]"
        )
        return False
    if len(text) > LONGEST:
        tree.report(steps, f"the question has {len(text)} characters, more than {LONGEST}", "shorten it")
        return False
    other, line = seen.setdefault(" ".join(text.casefold().split()), (intent, tree.line(steps)))
    if other != intent:
        tree.report(steps, f"the same question stands under {other}", f"keep one of them; the other is in line {line}")
        return False
    return True


def _too_few(tree: Tree, lang: str, known: set[str], questions: list[Question]) -> list[Finding]:
    count = {intent: sum(1 for one in questions if (one.intent, one.lang) == (intent, lang)) for intent in known}
    return [
        Finding(
            tree.file,
            tree.line((intent,)),
            intent,
            f"only {counted(number, 'question')}",
            f"write at least {FEWEST}",
            Level.WARNING,
        )
        for intent, number in sorted(count.items())
        if number < FEWEST
    ]
