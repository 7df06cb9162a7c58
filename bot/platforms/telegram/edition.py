"""What the bot serves at one time: replaced as a whole when the content is loaded anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.messages import Button, Command, Turn
from bot.core.ports import Answer, Codes, Phrase
from bot.platforms.telegram.desk import Desk


@dataclass(frozen=True, slots=True)
class Edition:
    """`answer` is called once for each question; `codes` stand in buttons and links; `commands` are those of the menu;
    `languages` are those that readers may choose; `phrase` says what stands outside of answers, `label` what a turn
    is called in a language, `suggest` what is usually asked; `is_urgent` tells the words of somebody who may be in
    danger; `desk` answers the editors' commands."""

    answer: Answer
    codes: Codes
    commands: Sequence[Command]
    languages: Sequence[str]
    phrase: Phrase
    label: Callable[[Turn, str], str]
    suggest: Callable[[str], Sequence[Button]]
    clock: Clock
    is_urgent: Callable[[str], bool]
    desk: Desk | None = None

    def language(self, *wanted: str | None) -> str:
        """The first wanted language that is spoken here, else the first that is spoken."""
        return next((lang for lang in wanted if lang and lang in self.languages), self.languages[0])
