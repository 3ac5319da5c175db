"""Where reports go: standard output or files, opened early so that a mistake shows at once.

A file is there whole or not at all (drafts.py), except events that somebody follows.
"""

import contextlib
import io
import os
import stat
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self

from tcpflow_analyzer.cli.drafts import Draft, begin_draft, followed
from tcpflow_analyzer.errors import OutputError, UsageError

FORMATS: Final = ("text", "json", "ndjson")
STANDARD_OUTPUT: Final = "-"
SUFFIXES: Final = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}
# With a row for each connection, for other programs; of one capture each.
EXPORTS: Final = ("csv", "zeek", "zeek-json", "parquet")
EXPORT_SUFFIXES: Final = {**SUFFIXES, ".csv": "csv", ".parquet": "parquet"}


class OutputChoice(NamedTuple):
    """One `--output`: a format, and a path or "-"."""

    form: str
    path: str


def parse_output(
    value: str,
    asked_form: str | None,
    forms: Collection[str] = FORMATS,
    suffixes: Mapping[str, str] = SUFFIXES,
) -> OutputChoice:
    """Split `[FORMAT:]PATH`; a prefix is a format only if it is one of the listed names.

    Args:
        value: of the option.
        asked_form: of `--format`, None if it was not given: then the path's suffix tells (.json,
            .ndjson, .jsonl), and text is the default.
        forms: the listed names.
        suffixes: what suffixes tell.
    """
    form, colon, path = value.partition(":")
    if colon and form in forms:
        return OutputChoice(form, path or STANDARD_OUTPUT)
    suffix = os.path.splitext(value)[1].lower()
    return OutputChoice(asked_form or suffixes.get(suffix, "text"), value)


def check_outputs(
    choices: Sequence[OutputChoice],
    captures: Sequence[str],
    *,
    read: Sequence[str | None] = (),
    written: Sequence[str | None] = (),
) -> None:
    """Refuse outputs that would overwrite each other or what is to be read.

    Args:
        choices: of `--output`.
        captures: files, folders and "-" that are to be analysed.
        read: other files that are read. written: other files that are written.

    Raises:
        UsageError: two outputs are the same file, or one is a capture, alone or in its folder, or
            another file that is read.
    """
    paths = [*(choice.path for choice in choices), *filter(None, written)]
    if len({os.path.realpath(path) for path in paths}) < len(paths):
        raise UsageError("two outputs go to the same place")
    for choice in choices:
        if os.path.isfile(choice.path) and any(
            _is_read_from(choice.path, capture) for capture in captures
        ):
            raise UsageError(f"{choice.path}: this output would replace a capture")
        for path in filter(None, read):
            if os.path.exists(choice.path) and _is_same(choice.path, path):
                raise UsageError(f"{choice.path}: this output would replace a file that is read")


def _is_same(output: str, path: str) -> bool:
    """Whether two paths lead to one file, through links too."""
    return os.path.exists(path) and os.path.samefile(output, path)


def _is_read_from(output: str, capture: str) -> bool:
    """Whether the existing file `output` is the capture, or one of those in that folder."""
    if os.path.isfile(capture):
        return os.path.samefile(output, capture)
    folder = os.path.dirname(os.path.abspath(output))
    if not os.path.isdir(capture) or not os.path.samefile(folder, capture):
        return False
    from tcpflow_analyzer.sources.capture_file import is_capture  # noqa: PLC0415  rarely needed

    return is_capture(output)


def describe(error: OSError) -> str:
    """Say in a line what an error of the operating system is about, and what it is."""
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}"


def append_text(path: str, text: str) -> None:
    """Add text to a file, in UTF-8.

    Raises:
        OutputError: it cannot be opened or written.
    """
    try:
        with open(path, "ab") as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error


class Output:
    """A stream of octets that says in one line what is wrong when it cannot be written.

    Attributes:
        path: as given, "-" for standard output.
        name: the path, or "standard output".
        encoding: of text that is written here.
        is_terminal: whether people look at it directly.
    """

    def __init__(
        self,
        path: str,
        encoding: str = "utf-8",
        *,
        at_once: bool = False,
        is_optional: bool = False,
    ) -> None:
        """Begin a file, which replaces what is there when it is closed.

        Args:
            path: of the file, or "-" for standard output.
            encoding: of text in a file; standard output has its own.
            at_once: what is written stands in the file at once, for those who follow it; what it
                held stays until the first write.
            is_optional: nothing is wrong if nobody reads standard output, as there are others.

        Raises:
            OutputError: it cannot be opened.
        """
        self._stream: BinaryIO
        self._draft: Draft | None = None
        self._fresh = path != STANDARD_OUTPUT
        self._created = False
        self._is_optional = is_optional and path == STANDARD_OUTPUT
        self.path = path
        if path == STANDARD_OUTPUT:
            self.name = "standard output"
            if sys.stdout is None:
                raise OutputError("standard output is closed")
            self.encoding = sys.stdout.encoding or "ascii"
            self.is_terminal = sys.stdout.isatty()
            self._stream = sys.stdout.buffer
            return
        self.name = path
        self.encoding = encoding
        self.is_terminal = False
        self._draft = None if at_once else begin_draft(path)
        if self._draft is None:
            self._created = not os.path.lexists(path)
            self._stream = self._open()
        else:
            self._stream = self._draft.stream

    def __enter__(self) -> Self:
        """Use the output in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; leave no trace if nothing was written, or of a draft not everything."""
        if self.path == STANDARD_OUTPUT:
            if self._is_optional and error is None:
                self.flush()  # the end of the program would not know
            return
        try:
            if self._draft is None:
                self._stream.close()
            elif error is None and not self._fresh:
                self._draft.keep()
        except OSError as problem:
            if error is None:
                raise OutputError(f"{self.name}: {problem.strerror}") from problem
        finally:
            if self._draft is not None:
                self._draft.discard()
        if self._fresh and self._created:
            os.unlink(self.path)

    def write(self, data: bytes, /) -> object:
        """Write octets; the first of them replace what a file held.

        Raises:
            OutputError: they cannot be written.
            BrokenPipeError: nobody reads standard output any more.
        """
        try:
            if self._fresh:
                self._fresh = False
                if self._draft is None and stat.S_ISREG(os.fstat(self._stream.fileno()).st_mode):
                    self._stream.truncate(0)
            return self._stream.write(data)
        except BrokenPipeError:
            if not self._is_optional:
                raise
            silence_standard_output()
            return None
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror}") from error

    def flush(self) -> object:
        """Pass on what was written; the errors are those of `write`."""
        try:
            return self._stream.flush()
        except BrokenPipeError:
            if not self._is_optional:
                raise
            silence_standard_output()
            return None
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror}") from error

    def reopen(self) -> None:
        """Open the file anew, which somebody has moved away; nothing for standard output.

        Raises:
            OutputError: it cannot be opened.
        """
        if self.path == STANDARD_OUTPUT:
            return
        self.flush()
        stream = self._open()
        self._stream.close()
        self._stream = stream
        self._created = self._fresh = False

    def write_text(self, text: str) -> None:
        """Write text; what the encoding cannot hold becomes a question mark."""
        self.write(text.encode(self.encoding, "replace"))

    def _open(self) -> BinaryIO:
        """Open the file itself; what it holds stays."""
        try:
            return io.open(followed(self.path), "ab")  # noqa: UP020  closed by close()
        except OSError as error:
            raise OutputError(f"{self.path}: {error.strerror}") from error


def silence_standard_output() -> None:
    """Point standard output nowhere, so that what is still buffered harms nobody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[Callable[[bytes], object]]:
    """Give what writes a file that is there whole or not at all; "-" is standard output.

    What was there before stays until everything is written.

    Raises:
        OutputError: it cannot be written.
    """
    with Output(path) as output:
        yield output.write
        output.flush()


class ReportList:
    """Joins the reports of several captures into one output of a format.

    JSON objects become one, `{"captures": [...]}`; an empty line sets texts apart; lines follow one
    another. A report of which nothing is written leaves no trace.
    """

    def __init__(self, output: Output, form: str) -> None:
        """Write into `output`, which stays the caller's."""
        self._output = output
        self._head, self._between, self._tail = _JOINTS[form]
        self._next = self._head
        self._begun = False

    def __enter__(self) -> Self:
        """Use the list in a `with` statement."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the list, unless something went wrong."""
        if error is None and self._tail:
            if not self._begun:
                self._output.write(self._head)
            self._output.write(self._tail)

    def begin_report(self) -> None:
        """Begin the next report."""
        if self._begun:
            self._next = self._between

    def write(self, data: bytes, /) -> object:
        """Write a part of the report; the errors are those of `Output.write`."""
        if not self._begun or self._next:
            self._begun = True
            joint, self._next = self._next, b""
            if joint:
                self._output.write(joint)
        return self._output.write(data)

    def flush(self) -> object:
        """Pass on what was written."""
        return self._output.flush()

    def write_text(self, text: str) -> None:
        """Write text of the report; what the encoding cannot hold becomes a question mark."""
        self.write(text.encode(self._output.encoding, "replace"))


# Format -> what stands before, between and after the reports of several captures.
_JOINTS: Final = {
    "text": (b"", b"\n", b""),
    "json": (b'{"schema_version":1,"captures":[\n', b",", b"]}\n"),
    "ndjson": (b"", b"", b""),
}
