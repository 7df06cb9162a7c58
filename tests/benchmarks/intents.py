"""Measures how well residents are understood.

    python tests/benchmarks/intents.py                      the pack's own questions, latencies, the public sets
    python tests/benchmarks/intents.py --file PATH          JSON lines {"text", "intent", "entity"?, "lang"?}
    python tests/benchmarks/intents.py --public --draws 5   CLINC150, BANKING77 and HWU64 alone

The public sets are read from the folder `shared` beside the repository.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # all figures are of one thread

import numpy as np  # noqa: E402 - after the number of threads

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from rapidfuzz import fuzz, process  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

from bot.understanding.calibration import calibrate  # noqa: E402
from bot.understanding.consideration import Considering  # noqa: E402
from bot.understanding.encoder import SentenceEncoder  # noqa: E402
from bot.understanding.entities import EntityFinder  # noqa: E402
from bot.understanding.explanation import Explanation  # noqa: E402
from bot.understanding.heads import Examples, train_heads, trials_of  # noqa: E402
from bot.understanding.model import study  # noqa: E402
from bot.understanding.normalisation import folded  # noqa: E402
from bot.understanding.pack_interpreter import PackInterpreter  # noqa: E402
from bot.understanding.reading import Reader  # noqa: E402
from bot.understanding.spelling import Spelling  # noqa: E402
from bot.understanding.store import Store  # noqa: E402
from tests.benchmarks.typos import one_typo  # noqa: E402
from tests.unit.understanding.packs import dallas  # noqa: E402

STRAY = "not_covered"
WANTED_RECALL = 0.8  # of what is out of scope in CLINC150
SETS = {"clinc150-full": "CLINC150", "banking77": "BANKING77", "hwu64-fold1": "HWU64"}
PUBLISHED = {"CLINC150": "90.9", "BANKING77": "84.2 / –", "HWU64": "83.8 / –"}


@dataclass(frozen=True)
class Row:
    """One question and what it asks."""

    text: str
    intent: str
    entity: str | None = None
    lang: str | None = None
    split: str = ""


def main() -> None:
    """Runs what the arguments ask for and prints it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, help="measure on these questions alone")
    parser.add_argument("--public", action="store_true", help="measure on the public sets alone")
    parser.add_argument("--draws", type=int, default=5, help="draws of ten examples an intent")
    parser.add_argument("--cache", type=Path, help="a folder to keep what is trained in")
    parser.add_argument("--wrong", action="store_true", help="print every question that is not understood")
    args = parser.parse_args()
    if not args.public:
        interpreter = warmed(args.cache)
        if args.file:
            measure_file(interpreter, read_rows(args.file), show=args.wrong)
        else:
            measure_pack(args.cache)
            measure_time(interpreter)
    if not args.file:
        measure_public(args.draws)


def read_rows(path: Path) -> list[Row]:
    """The questions of a file of JSON lines."""
    found = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return [Row(one["text"], one["intent"], one.get("entity"), one.get("lang"), one.get("split", "")) for one in found]


def warmed(cache: Path | None) -> PackInterpreter:
    """The Dallas pack's interpreter, ready, with the time that it took."""
    started = time.perf_counter()
    interpreter = PackInterpreter(dallas(), cache)
    made = time.perf_counter()
    interpreter.warm()
    print(f"made in {made - started:.1f} s, ready after {time.perf_counter() - started:.1f} s: {interpreter.status()}")
    return interpreter


def measure_file(interpreter: PackInterpreter, rows: Sequence[Row], *, show: bool) -> None:
    """Prints the issue's figures for all rows and by language."""
    for lang in [None, *sorted({row.lang for row in rows if row.lang})]:
        chosen = [row for row in rows if lang in {None, row.lang}]
        print(f"\n{lang or 'all'}: {len(chosen)} questions")
        for name, value in figures(interpreter, chosen).items():
            print(f"  {name:42} {value:6.1%}")
    typed = [Row(one_typo(row.text, seed), row.intent, row.entity, row.lang) for seed, row in enumerate(rows)]
    cost = figures(interpreter, rows)["right intent first"] - figures(interpreter, typed)["right intent first"]
    print(f"\none typo a message costs {cost:.1%} of first places")
    if show:
        for row in rows:
            found = interpreter.explain(row.text)
            told = found.understanding
            if told.turn.intent != row.intent or (row.entity and told.turn.entity != row.entity):
                print(
                    f"  {row.text!r}: {row.intent} {row.entity or ''}; {told.outcome} {told.turn.intent} "
                    f"{told.turn.entity or ''} {found.rule}"
                )


def figures(interpreter: PackInterpreter, rows: Sequence[Row]) -> dict[str, float]:
    """Shares. The first intent of `confirm` is the one ranked first; a refusal counts as an answer of its own, except
    `not_covered`, the class of all that is out of scope, and what is said to those who write in another language."""
    told = [interpreter.explain(row.text) for row in rows]
    pairs = list(zip(rows, (one.understanding for one in told), strict=True))
    inside = [(row, one) for row, one in pairs if row.intent != STRAY]
    outside = [one for row, one in pairs if row.intent == STRAY and one.sentence is None]
    direct = [(row, one) for row, one in inside if one.outcome != "confirm" and one.turn.intent != STRAY]
    right = [row for row, one in direct if one.turn.intent == row.intent]
    offered = [
        row for row, one in inside
        if row.intent in {one.turn.intent, *(turn.intent for turn in one.candidates)} and one.turn.intent != STRAY
    ]  # fmt: skip
    safe = [(row, one) for row, one in pairs if row.intent in {"in_distress", "legal_advice"}]
    named = [(row, one) for row, one in inside if row.entity and one.turn.intent == row.intent]
    stray = [strangeness(one) for one in told]
    return {
        "right intent first": share(one.turn.intent == row.intent for row, one in pairs),
        "right intent first, in scope": share(one.turn.intent == row.intent for row, one in inside),
        "answered directly and right": len(right) / max(len(inside), 1),
        "answered or offered": len(offered) / max(len(inside), 1),
        "answered directly and wrongly": (len(direct) - len(right)) / max(len(inside), 1),
        "out of scope, answered directly": share(
            one.outcome != "confirm" and one.turn.intent != STRAY for one in outside
        ),
        "out of scope, refused": share(one.turn.intent == STRAY for one in outside),
        "AUROC in scope / out of scope": separation([row.intent != STRAY for row in rows], [1 - one for one in stray]),
        "distress and legal advice caught": share(
            one.turn.intent == row.intent and one.outcome == "refuse" for row, one in safe
        ),
        "right entity where one is named": share(one.turn.entity == row.entity for row, one in named),
    }


def strangeness(told: Explanation) -> float:
    """How sure it is that a message is out of scope: as the heads say, unless a rule told more than they."""
    if told.rule == "heads":
        return dict(told.chances).get(STRAY, 0.0)
    return float(told.rule == "language" or told.understanding.turn.intent == STRAY)


def share(truths: Iterable[bool]) -> float:
    """The share of truths that hold; not a number where there are none."""
    listed = list(truths)
    return sum(listed) / len(listed) if listed else float("nan")


def separation(inside: Sequence[bool], scores: Sequence[float]) -> float:
    """The area under the ROC curve; not a number where there is one side only."""
    return float(roc_auc_score(inside, scores)) if len(set(inside)) == 2 else float("nan")


def measure_pack(cache: Path) -> None:
    """Prints what cross-validation says, in which paraphrases stay in one fold: the heads alone, without gates."""
    questions, store = dallas().questions, Store(cache)
    studied = study(Considering(dallas(), store).lessons, SentenceEncoder(), store)
    examples, trials = studied.examples, trials_of(studied.groups, len(questions))
    chances = train_heads(examples, trials)[1].both
    calibration = calibrate(chances, examples.numbers, examples.labels)
    unseen, truth, stray = calibration.sharpened(chances), examples.numbers, examples.labels.index(STRAY)
    right = unseen.argmax(axis=1) == truth
    print(f"\nthe pack's {len(questions)} questions, five folds, heads alone: {right.mean():.1%} first")
    for lang in sorted({question.lang for question in questions}):
        print(f"  {lang}: {right[[question.lang == lang for question in questions]].mean():.1%}")
    print(f"  AUROC {roc_auc_score(truth != stray, 1 - unseen[:, stray]):.3f}; thresholds {calibration}")


def measure_time(interpreter: PackInterpreter) -> None:
    """Prints latencies, the cold start with a cache, memory and size on disk."""
    encoder = SentenceEncoder()
    typical = [f"what did the police chief say about the money {number}" for number in range(200)]
    long = [("the council and the mayor and the chief " * 103)[:4096] + str(number) for number in range(50)]
    alone, ours, longest = (timed(each) for each in (
        [lambda one=one: encoder.encode([one]) for one in typical],
        [lambda one=one: interpreter.understand(one) for one in typical],
        [lambda one=one: interpreter.understand(one) for one in long],
    ))  # fmt: skip
    print("\nlatency on one thread, p50 / p95 in ms")
    for name, times in (("the encoder alone", alone), ("a typical message", ours), ("4,096 characters", longest)):
        print(
            f"  {name:20} {np.percentile(times, 50):5.2f} / {np.percentile(times, 95):5.2f}"
            f"  ×{np.median(times) / np.median(alone):.2f}"
        )
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        PackInterpreter(dallas(), cache).warm()
        code = (
            "import time; from pathlib import Path; from tests.unit.understanding.packs import dallas;"
            "from bot.understanding.pack_interpreter import PackInterpreter;"
            "lines = lambda: dict(line.split(':') for line in open('/proc/self/status') if line.startswith('Vm'));"
            "of = lambda name: int(lines()[name].split()[0]) / 1024;"
            "pack = dallas(); before = of('VmRSS'); start = time.perf_counter(); one = PackInterpreter(pack, "
            f"Path({folder!r})); one.warm(); took = time.perf_counter() - start; one.understand('when is the vote');"
            "print(f'cold start with a cache {took:.1f} s; memory added {of(\"VmRSS\") - before:.0f} MB, '"
            'f\'at most {of("VmHWM") - before:.0f} MB; the whole {of("VmRSS"):.0f} MB\')'
        )
        subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
        print(f"cache on disk {sum(path.stat().st_size for path in cache.iterdir()) / 1e6:.0f} MB")
    print(f"peak memory of this run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def timed(calls: Sequence[object]) -> list[float]:
    """Milliseconds of each call."""
    times = []
    for call in calls:
        started = time.perf_counter()
        call()  # type: ignore[operator]
        times.append((time.perf_counter() - started) * 1000)
    return times


def measure_public(draws: int) -> None:
    """Prints the table of shared/data/README.md with our row and others measured in the same run."""
    folder = REPOSITORY.parent / "shared" / "data" / "intents"
    if not folder.is_dir():
        print("\npublic sets: skipped, there is no folder `shared` beside the repository")
        return
    encoder = SentenceEncoder()
    for stem, title in SETS.items():
        rows = read_rows(folder / f"{stem}.jsonl")
        vectors = encoder.encode([row.text for row in rows])
        print(f"\n{title}, accuracy in %, 10-shot over {draws} draws / full (published USE: {PUBLISHED[title]})")
        shot = np.mean([compared(rows, vectors, drawn(rows, seed)) for seed in range(draws)], axis=0)
        everything = compared(
            rows, vectors, [at for at, row in enumerate(rows) if row.split == "train" and row.intent != "oos"]
        )
        for name, few, full in zip(("ours", "TF-IDF + SVM", "BM25", "rapidfuzz"), shot, everything, strict=True):
            print(f"  {name:14} {few:5.1%} / {full:5.1%}")
        if any(row.intent == "oos" for row in rows):
            measure_oos(rows, vectors)


def drawn(rows: Sequence[Row], seed: int, most: int = 10) -> list[int]:
    """Ten training examples of each intent."""
    draw, found = np.random.default_rng(seed), []
    for intent in sorted({row.intent for row in rows} - {"oos"}):
        own = [at for at, row in enumerate(rows) if row.intent == intent and row.split == "train"]
        found += draw.choice(own, most, replace=False).tolist()
    return found


def compared(rows: Sequence[Row], vectors: np.ndarray, seen: Sequence[int]) -> list[float]:
    """Accuracy on the test split of ours, TF-IDF + SVM, BM25 and rapidfuzz, trained on the rows `seen`."""
    tests = [at for at, row in enumerate(rows) if row.split == "test" and row.intent != "oos"]
    truth = np.array([rows[at].intent for at in tests])
    labels, chances = ours(rows, vectors, seen, tests)
    texts, asked, intents = (
        [rows[at].text for at in seen],
        [rows[at].text for at in tests],
        np.array([rows[at].intent for at in seen]),
    )
    few = tests[:: max(len(tests) // 300, 1)]  # rapidfuzz and BM25 compare with every example
    nearest = [int(np.argmax(process.cdist([rows[at].text], texts, scorer=fuzz.token_set_ratio)[0])) for at in few]
    return [
        float((np.array(labels)[chances.argmax(axis=1)] == truth).mean()),
        float((machine(texts, intents, asked) == truth).mean()),
        bm25(texts, intents, [rows[at] for at in few]),
        share(intents[near] == rows[at].intent for near, at in zip(nearest, few, strict=True)),
    ]


def ours(
    rows: Sequence[Row], vectors: np.ndarray, seen: Sequence[int], tests: Sequence[int]
) -> tuple[tuple[str, ...], np.ndarray]:
    """The heads' labels and probabilities, without names, gates or mended slips, which belong to a pack."""
    reader = Reader(EntityFinder({}), Spelling({}, ()), ())
    read = {at: reader.read(rows[at].text, lambda _: True) for at in {*seen, *tests}}
    examples = Examples.of([read[at] for at in seen], vectors[list(seen)], [rows[at].intent for at in seen])
    heads, _ = train_heads(examples, np.zeros((len(seen), 0), np.bool_))
    return heads.labels, heads.chances([read[at] for at in tests], vectors[list(tests)])


def machine(texts: Sequence[str], intents: np.ndarray, asked: Sequence[str]) -> np.ndarray:
    """A linear SVM over TF-IDF of words and letters."""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    model = LinearSVC(C=1.0).fit(letters.fit_transform(map(folded, texts)), intents)
    return np.asarray(model.predict(letters.transform(map(folded, asked))))


def bm25(texts: Sequence[str], intents: np.ndarray, asked: Sequence[Row], k1: float = 1.2, b: float = 0.75) -> float:
    """Accuracy of the intent of the best example by Okapi BM25 (Robertson and Zaragoza 2009)."""
    split = [folded(text).split() for text in texts]
    holders: dict[str, list[tuple[int, int]]] = {}
    for at, words in enumerate(split):
        for word in set(words):
            holders.setdefault(word, []).append((at, words.count(word)))
    lengths = np.array([len(words) for words in split]) / np.mean([len(words) for words in split])
    right = 0
    for row in asked:
        scores = np.zeros(len(split))
        for word in folded(row.text).split():
            found = holders.get(word, [])
            rarity = np.log(1 + (len(split) - len(found) + 0.5) / (len(found) + 0.5))
            for at, count in found:
                scores[at] += rarity * count * (k1 + 1) / (count + k1 * (1 - b + b * lengths[at]))
        right += intents[int(scores.argmax())] == row.intent
    return right / len(asked)


def measure_oos(rows: Sequence[Row], vectors: np.ndarray) -> None:
    """Prints CLINC150 full: in-scope accuracy and out-of-scope recall at the lowest threshold that finds enough of what
    is out of scope in val."""
    seen = [at for at, row in enumerate(rows) if row.split == "train" and row.intent != "oos"]
    chosen = {split: [at for at, row in enumerate(rows) if row.split == split] for split in ("val", "test")}
    labels, chances = ours(rows, vectors, seen, chosen["val"] + chosen["test"])
    sure, first = chances.max(axis=1), np.array(labels)[chances.argmax(axis=1)]
    truth = np.array([rows[at].intent for at in chosen["val"] + chosen["test"]])
    val = np.arange(len(truth)) < len(chosen["val"])
    inside, right = truth != "oos", first == truth
    recall = {cut: (sure < cut)[val & ~inside].mean() for cut in np.linspace(0.05, 0.95, 181)}
    best = next((cut for cut, share_found in recall.items() if share_found >= WANTED_RECALL), 0.95)
    print(
        f"  CLINC150 full: in scope {(right & (sure >= best))[~val & inside].mean():.1%} at out-of-scope recall "
        f"{(sure < best)[~val & ~inside].mean():.1%}, AUROC {roc_auc_score(inside[~val], sure[~val]):.3f} "
        "(BERT: 96.2 / 52.3)"
    )


if __name__ == "__main__":
    main()
