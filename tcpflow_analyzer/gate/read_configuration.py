"""Reads `tcpflow.toml` and `[tool.tcpflow]` of pyproject.toml; every mistake names its line.

In: the text of a file, and the codes that exist. Out: a Configuration. The keys are described in
docs/reference/configuration.md, in the order in which they stand here.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final, NoReturn, cast

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.finding import SEVERITIES
from tcpflow_analyzer.findings.registry import Rule, parameters
from tcpflow_analyzer.findings.selection import Codes, codes_of
from tcpflow_analyzer.gate.configuration import (
    QUANTILES,
    Configuration,
    Expectation,
    FailOn,
    Ignored,
    Limit,
)
from tcpflow_analyzer.gate.display import display_of
from tcpflow_analyzer.gate.result import Origin
from tcpflow_analyzer.gate.toml_lines import Document, Path
from tcpflow_analyzer.settings import (
    PROFILE_NAMES,
    Parameter,
    Settings,
    duration_ns,
    with_parameters,
)
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES
from tcpflow_analyzer.where.parser import Where, compile_where
from tcpflow_analyzer.where.words import WhereError

_KEYS: Final = (
    "fail_on",
    "select",
    "ignore",
    "min_severity",
    "min_certainty",
    "where",
    "counts",
    "expect",
    "parameters",
    "profile",
    "checksum",
    "tunnel",
    "msl",
    "allow_truncated",
    "allow_empty",
    "together",
    "baseline",
    "display",
)
_IGNORE_KEYS: Final = ("code", "port", "address", "where", "reason")
_EXPECT_KEYS: Final = (
    "name",
    "where",
    "captures",
    "closed_by",
    "states",
    "settle",
    "max_connections",
    "at_least",
    *QUANTILES,
    "forbid",
)
CHECKSUMS: Final = ("auto", "off", "strict")
TUNNELS: Final = ("inner", "outer")
_PORTS: Final = 65536
_RANGE: Final = re.compile(r"(\d{0,9})\.\.(\d{0,9})", re.ASCII)


def read_configuration(path: str, text: str, codes: Mapping[str, Rule]) -> Configuration | None:
    """Read a configuration.

    Args:
        path: for messages; in a pyproject.toml only [tool.tcpflow] is looked at.
        text: of the file.
        codes: the rules of all findings by code.

    Returns:
        None if it is a file of others that says nothing to this program.

    Raises:
        UsageError: it makes no sense; the text names the line.
    """
    document = Document(path, text)
    tool = document.values.get("tool")
    table = tool.get("tcpflow") if isinstance(tool, dict) else None
    if table is not None:
        return _Reader(document, ("tool", "tcpflow"), codes).configuration(table)
    if path.replace("\\", "/").rpartition("/")[2] == "pyproject.toml":
        return None
    return _Reader(document, (), codes).configuration(document.values)


def limit_of(codes: Codes, value: object, origin: Origin) -> Limit:
    """Read how many findings there may be: 4, "3..5", "..5", "3..".

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Limit(codes, value, value, origin)
    match = _RANGE.fullmatch(value.replace(" ", "")) if isinstance(value, str) else None
    if match is None or not (match[1] or match[2]):
        raise UsageError(f'{_shown(value)} is no count such as 4, "3..5", "..5" or "3.."')
    least, most = int(match[1] or 0), int(match[2]) if match[2] else None
    if most is not None and most < least:
        raise UsageError(f"{_shown(value)} ends before it begins")
    return Limit(codes, least, most, origin)


class _Reader:
    """Reads the tables of one file."""

    def __init__(self, document: Document, root: Path, codes: Mapping[str, Rule]) -> None:
        self._document = document
        self._root = root
        self._codes = codes

    def configuration(self, table: object) -> Configuration:
        values = self._table(table, (), _KEYS)
        limits = self._map(values, "counts", self._limit)
        display_of(values.get("display", {}), self._document, self._root)  # of analyze
        fail_on = FailOn()
        if "fail_on" in values:
            fail_on = self._fail_on(values["fail_on"])
        found = Configuration(
            path=self._document.path,
            fail_on=fail_on,
            select=self._codes_list(values, "select", ()),
            ignore=tuple(self._ignored(values)),
            where=self._where(values, ()),
            limits=tuple(limits),
            expectations=tuple(self._expectations(values)),
            settings=self._settings(values),
            allow_truncated=self._truth(values, "allow_truncated"),
            allow_empty=self._truth(values, "allow_empty"),
            together=self._truth(values, "together"),
        )
        if "min_certainty" in values:
            found = replace(
                found, min_certainty=self._choice(values, "min_certainty", (), CERTAINTY_NAMES)
            )
        if "baseline" in values:
            found = replace(found, baseline=self._text(values, "baseline", ()))
        return found

    def _fail(self, path: Path, message: str) -> NoReturn:
        line = self._document.line((*self._root, *path))
        raise UsageError(f"{self._document.path}, line {line}: {message}")

    def _origin(self, path: Path) -> Origin:
        return Origin(self._document.path, self._document.line((*self._root, *path)))

    def _try(self, path: Path, read: Callable[[], Any]) -> Any:  # noqa: ANN401  what `read` gives
        """Give what `read` gives; what it complains about gets the line of the key."""
        try:
            return read()
        except WhereError as error:
            self._fail(path, f"{path[-1]}: {error}")
        except UsageError as error:
            self._fail(path, str(error))

    def _table(self, value: object, path: Path, keys: Sequence[str]) -> Mapping[str, object]:
        """Check that a value is a table with no other keys than these."""
        if not isinstance(value, dict):
            self._fail(path, f"{_dotted(path)} is a table, not {_shown(value)}")
        for key in value:
            if key not in keys:
                near = get_close_matches(key, keys, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(keys)}"
                self._fail((*path, key), f"unknown key {key!r}{hint}")
        return cast("Mapping[str, object]", value)

    def _text(self, values: Mapping[str, object], key: str, path: Path) -> str:
        value = values[key]
        if not isinstance(value, str) or not value.strip():
            self._fail((*path, key), f"{key} is text, not {_shown(value)}")
        return value

    def _truth(self, values: Mapping[str, object], key: str) -> bool:
        value = values.get(key, False)
        if not isinstance(value, bool):
            self._fail((key,), f"{key} is true or false, not {_shown(value)}")
        return value

    def _number(self, values: Mapping[str, object], key: str, path: Path) -> int:
        value = values[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1 << 40:
            self._fail((*path, key), f"{key} is a number from 0, not {_shown(value)}")
        return value

    def _choice(
        self, values: Mapping[str, object], key: str, path: Path, choices: Sequence[str]
    ) -> str:
        value = values[key]
        if value not in choices:
            listed = ", ".join(choices)
            self._fail((*path, key), f"{key} is one of {listed}, not {_shown(value)}")
        return str(value)

    def _duration(self, values: Mapping[str, object], key: str, path: Path) -> int:
        value = values[key]
        if not isinstance(value, str) or value.strip()[-1:].isdigit():
            self._fail(
                (*path, key), f'{key} is a duration with its unit, as "5ms", not {_shown(value)}'
            )
        return int(self._try((*path, key), lambda: duration_ns(value)))

    def _texts(self, values: Mapping[str, object], key: str, path: Path) -> list[str]:
        """One text or a list of them."""
        value = values.get(key, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            self._fail((*path, key), f"{key} is a list of texts, not {_shown(value)}")
        return found

    def _codes_list(self, values: Mapping[str, object], key: str, path: Path) -> tuple[Codes, ...]:
        texts = self._texts(values, key, path)
        return tuple(
            self._try((*path, key), lambda text=text: codes_of(text, self._codes))  # type: ignore[misc]
            for text in texts
        )

    def _where(self, values: Mapping[str, object], path: Path) -> Where | None:
        if "where" not in values:
            return None
        text = self._text(values, "where", path)
        return cast("Where", self._try((*path, "where"), lambda: compile_where(text)))

    def _map(
        self, values: Mapping[str, object], key: str, read: Callable[[str, object, Path], Any]
    ) -> list[Any]:
        table = values.get(key, {})
        if not isinstance(table, dict):
            self._fail((key,), f"{key} is a table, not {_shown(table)}")
        return [read(name, value, (key, name)) for name, value in table.items()]

    def _fail_on(self, value: object) -> FailOn:
        texts = self._texts({"fail_on": value}, "fail_on", ())
        return cast(
            "FailOn",
            self._try(
                ("fail_on",), lambda: fail_on_of(texts, self._codes, self._origin(("fail_on",)))
            ),
        )

    def _limit(self, name: str, value: object, path: Path) -> Limit:
        codes = self._try(path, lambda: codes_of(name, self._codes))
        return cast("Limit", self._try(path, lambda: limit_of(codes, value, self._origin(path))))

    def _ignored(self, values: Mapping[str, object]) -> list[Ignored]:
        entries = values.get("ignore", [])
        entries = [entries] if isinstance(entries, str) else entries
        if not isinstance(entries, list):
            self._fail(("ignore",), f"ignore is a list, not {_shown(entries)}")
        return [
            self._ignored_entry(entry, ("ignore", number)) for number, entry in enumerate(entries)
        ]

    def _ignored_entry(self, entry: object, path: Path) -> Ignored:
        if isinstance(entry, str):
            codes = self._try(path, lambda: codes_of(entry, self._codes))
            return Ignored(codes, None, self._origin(path))
        table = self._table(entry, path, _IGNORE_KEYS)
        code = None
        if "code" in table:
            text = self._text(table, "code", path)
            code = self._try((*path, "code"), lambda: codes_of(text, self._codes))
        conditions = []
        if "port" in table:
            port = self._number(table, "port", path)
            if port >= _PORTS:
                self._fail((*path, "port"), f"there is no port {port}")
            conditions.append(f"port == {port}")
        if "address" in table:
            conditions.append(f'address in "{self._network(table, path)}"')
        if "where" in table:
            self._where(table, path)
            conditions.append(f"({table['where']})")
        if code is None and not conditions:
            self._fail(path, "an entry of ignore needs code, port, address or where")
        where = compile_where(" and ".join(conditions)) if conditions else None
        return Ignored(code, where, self._origin(path))

    def _network(self, table: Mapping[str, object], path: Path) -> str:
        text = self._text(table, "address", path)
        try:
            return str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            self._fail((*path, "address"), f"{text!r} is neither address nor network")

    def _settings(self, values: Mapping[str, object]) -> Settings:
        path = ("parameters",)
        known = parameters()
        table = self._table(values.get("parameters", {}), path, tuple(known))
        chosen: dict[str, float] = {
            key: self._parameter(known[key], value, (*path, key)) for key, value in table.items()
        }
        changes: dict[str, Any] = {}
        if "min_severity" in values:
            changes["min_severity"] = self._choice(values, "min_severity", (), SEVERITIES)
        if "msl" in values:
            changes["msl_ns"] = self._duration(values, "msl", ())
        if "profile" in values:
            changes["profiles"] = self._profiles(values["profile"])
        if "checksum" in values:
            changes["checksum"] = self._choice(values, "checksum", (), CHECKSUMS)
        if "tunnel" in values:
            chosen_one = self._choice(values, "tunnel", (), TUNNELS)
            changes["tunnel_outer"] = chosen_one == "outer"
        return replace(with_parameters(Settings(), chosen, known), **changes)

    def _parameter(self, parameter: Parameter, value: object, path: Path) -> int | float:
        try:
            return parameter.of_value(value)
        except UsageError as error:
            self._fail(path, f"{parameter.name}: {error}")

    def _profiles(self, value: object) -> dict[str, str]:
        table = {"": value} if isinstance(value, str) else value
        if not isinstance(table, dict):
            self._fail(("profile",), f"profile is a name or a table, not {_shown(value)}")
        profiles = {}
        for network, name in table.items():
            path: Path = ("profile", network) if network else ("profile",)
            if name not in PROFILE_NAMES:
                self._fail(path, f"{_shown(name)} is no profile; there is {_listed(PROFILE_NAMES)}")
            try:
                shown = str(ipaddress.ip_network(network, strict=False)) if network else ""
            except ValueError:
                self._fail(path, f"{network!r} is neither address nor network")
            profiles[shown] = name
        return profiles

    def _expectations(self, values: Mapping[str, object]) -> list[Expectation]:
        entries = values.get("expect", [])
        if not isinstance(entries, list):
            self._fail(("expect",), "expectations are written [[tool.tcpflow.expect]]")
        found = [self._expectation(entry, ("expect", n)) for n, entry in enumerate(entries)]
        names = [each.name for each in found]
        for number, name in enumerate(names):
            if name in names[:number]:
                self._fail(("expect", number, "name"), f"two expectations have the name {name!r}")
        return found

    def _expectation(self, entry: object, path: Path) -> Expectation:
        table = self._table(entry, path, _EXPECT_KEYS)
        if "name" not in table:
            self._fail(path, "an expectation needs a name")
        asked = [key for key in table if key not in ("name", "where", "captures", "settle")]
        if not asked:
            self._fail(path, "this expectation asks for nothing")
        where = self._where(table, path)
        if where is not None and where.asks_findings:
            self._fail((*path, "where"), "where of an expectation chooses connections, no findings")
        found = Expectation(
            name=self._text(table, "name", path),
            where=where,
            captures=tuple(self._texts(table, "captures", path)),
            states=tuple(self._states(table, path)),
            quantiles={key: self._duration(table, key, path) for key in QUANTILES if key in table},
            forbid=self._codes_list(table, "forbid", path),
            lines={key: self._origin((*path, key)) for key in table},
        )
        if "closed_by" in table:
            who = self._choice(table, "closed_by", path, ("originator", "responder"))
            found = replace(found, closed_by=who)
        if "settle" in table:
            found = replace(found, settle_ns=self._duration(table, "settle", path))
        if "max_connections" in table:
            found = replace(found, max_connections=self._number(table, "max_connections", path))
        if "at_least" in table:
            found = replace(found, at_least=self._number(table, "at_least", path))
        return found

    def _states(self, table: Mapping[str, object], path: Path) -> list[str]:
        states = self._texts(table, "states", path)
        for text in states:
            ends = text.split("/")
            wrong = [end for end in ends if end not in STATE_NAMES]
            if len(ends) != 2:
                self._fail((*path, "states"), f'{text!r} is no pair such as "TIME-WAIT/CLOSED"')
            if wrong:
                near = get_close_matches(wrong[0].upper(), STATE_NAMES, 1)
                hint = (
                    f"; did you mean {near[0]}?" if near else f"; there is {_listed(STATE_NAMES)}"
                )
                self._fail((*path, "states"), f"{wrong[0]!r} is no state{hint}")
        return states


def fail_on_of(texts: Sequence[str], known: Mapping[str, Rule], origin: Origin) -> FailOn:
    """Read what fails a check: a severity, "never", codes.

    Raises:
        UsageError: one of them is nothing of that.
    """
    severities = []
    codes = []
    for text in texts:
        if text in SEVERITIES:
            severities.append(SEVERITIES.index(text))
        elif text != "never":
            codes.append(codes_of(text, known))
    return FailOn(SEVERITIES[min(severities)] if severities else None, tuple(codes), origin)


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path) or "the configuration"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
