"""How documents are read: blocks, marks, commands with their output."""

from pathlib import Path

from support.documents import Place, blocks, matches, shown_commands

PAGE = """\
Text.

```sh
tcpflow analyze capture.pcap
```

- in a list:

  <!-- not run: needs root -->
  ```console
  $ tcpflow live \\
      -i eth0
  a line
  ...
  $ true
  ```
"""


def test_blocks_have_language_line_and_marks() -> None:
    first, second = blocks(PAGE)
    assert (first.language, first.line, first.marks) == ("sh", 3, {})
    assert first.text == "tcpflow analyze capture.pcap\n"
    assert (second.language, second.line, second.indent) == ("console", 10, "  ")
    assert second.marks == {"not run": "needs root"}


def test_console_commands_have_their_output() -> None:
    _, block = blocks(PAGE)
    assert shown_commands(block) == [
        ("tcpflow live -i eth0", ("$ tcpflow live \\", "    -i eth0"), ("a line", "...")),
        ("true", ("$ true",), ()),
    ]


def test_dots_stand_for_any_lines() -> None:
    assert matches(("a", "...", "c"), ["a", "b", "b", "c"])
    assert matches(("a", "..."), ["a"])
    assert not matches(("a", "...", "c"), ["a", "b"])
    assert not matches(("a", "c"), ["a", "b", "c"])
    assert not matches((), ["a"])


def test_place_runs_the_program_and_shells(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    place = Place(tmp_path / "place")
    status, printed = place.run("tcpflow analyze capture.pcap --where-is-it")
    assert status == 2
    assert printed.startswith("tcpflow: error: ")
    assert place.run("echo one | cat; exit 3") == (3, "one\n")
    status, text = place.run("tcpflow --version | cat")
    assert (status, text.split()[0]) == (0, "tcpflow")
