"""How blocks of `console` are coloured: what one types after `$`, and reports of the program."""

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, using
from pygments.lexers import BashLexer
from pygments.token import Comment, Generic, Keyword, Text


class ConsoleLexer(RegexLexer):  # type: ignore[misc]
    """Pygments' own takes each line with # for a prompt, and reports number connections so."""

    name = "console"
    aliases: ClassVar = ["console"]
    tokens: ClassVar = {
        "root": [
            (r"^(\$ )(.*\n)", bygroups(Generic.Prompt, using(BashLexer))),
            (r"^(✖|▲) .*\n", Generic.Strong),
            (r"^(ERRORS|WARNINGS|INFORMATION|CONNECTIONS)\n", Keyword),
            (r"^\.\.\.\n", Comment),
            (r".*\n", Generic.Output),
            (r".+", Text),
        ]
    }
