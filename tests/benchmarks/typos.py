"""Slips as people make them on a small keyboard."""

import numpy as np


def one_typo(text: str, seed: int) -> str:
    """`text` with two neighbouring letters of one of its longer words swapped, or one left out or doubled."""
    draw = np.random.default_rng(seed)
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) > 3]
    if not long:
        return text
    at = int(draw.choice(long))
    word, place = words[at], int(draw.integers(1, len(words[at]) - 1))
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :] if place + 1 < len(word) else word
    words[at] = (swapped, word[:place] + word[place + 1 :], word[:place] + word[place] + word[place:])[
        int(draw.integers(3))
    ]
    return " ".join(words)
