"""The places within a Markdown file that a link may lead to."""

import re

HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of its headings, as web pages that show Markdown make them: lower case, dashes, no punctuation."""
    titles = (found["title"] for found in HEADING.finditer(FENCED.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
