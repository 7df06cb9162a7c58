"""Makes answers in the semantic subset out of any words, for tests of the converters."""

from html import escape

from hypothesis import strategies as st

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)
_escaped = words.map(escape)


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.lists(inner, max_size=3).map("".join)
    tags = ["<b>{}</b>", "<i>{}</i>", "<sup>{}</sup>", '<time datetime="2025-11-06">{}</time>']
    return st.one_of(*(joined.map(tag.format) for tag in tags))


_inline = st.recursive(_escaped.map(lambda text: text.replace("{", "(").replace("}", ")")), _wrapped, max_leaves=5)
_link = _escaped.map(lambda text: f'<a href="https://a.org/?x=1&amp;y=2">{text}</a>')
_line = st.lists(st.one_of(_inline, _link), max_size=4).map("".join)
_p = _line.map(lambda text: f"<p>{text}</p>")
_quote = st.lists(_p, max_size=2).map(lambda ps: f"<blockquote>{''.join(ps)}</blockquote>")
_list = st.tuples(st.sampled_from(["ul", "ol"]), st.lists(st.one_of(_line, _quote), max_size=3)).map(
    lambda made: f"<{made[0]}>{''.join(f'<li>{item}</li>' for item in made[1])}</{made[0]}>"
)
_cells = st.lists(_line, max_size=3).map(lambda cells: "".join(f"<td>{cell}</td>" for cell in cells))
_table = _cells.map("<table><tr>{}</tr></table>".format)
_heading = _line.map(lambda text: f"<h3>{text}</h3>")
_plain_blocks = st.one_of(_p, _quote, _list, _table, _heading)
_details = st.tuples(_line, st.lists(_plain_blocks, max_size=3)).map(
    lambda made: f"<details><summary>{made[0]}</summary>{''.join(made[1])}</details>"
)

answers = st.lists(st.one_of(_plain_blocks, _details), max_size=6).map("".join)
