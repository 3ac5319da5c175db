"""Finds the configuration of a check and lets the options of the command line win over it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from tcpflow_analyzer.cli.analysis_options import set_parameters
from tcpflow_analyzer.cli.gate_options import GateChoice
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.findings.selection import Codes, codes_of
from tcpflow_analyzer.gate.configuration import Configuration, Ignored
from tcpflow_analyzer.gate.read_configuration import (
    fail_on_of,
    limit_of,
    read_configuration,
)
from tcpflow_analyzer.gate.result import Origin
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.text_file import nearest_files, read_text
from tcpflow_analyzer.where.parser import compile_where
from tcpflow_analyzer.where.words import WhereError

NAMES: Final = ("tcpflow.toml", "pyproject.toml")  # in a folder the first counts
Groups = Sequence[Sequence[str]]


class CheckChoice(NamedTuple):
    """What the command line of a check says besides; empty where it says nothing.

    Attributes:
        fail_on, limits: each use of `--fail-on`, `--max`.
        allow_truncated, allow_empty, together: whether the options were given.
        baseline: path. min_severity: of the option.
    """

    fail_on: Groups
    limits: Sequence[str]
    allow_truncated: bool
    allow_empty: bool
    together: bool
    baseline: str | None
    min_severity: str | None


def configuration_for(choice: GateChoice) -> Configuration:
    """Give the configuration that holds here, in which the command line wins.

    Raises:
        UsageError: it cannot be read or makes no sense, or the command line does not.
    """
    if choice.config is not None and choice.no_config:
        raise UsageError("--config and --no-config exclude each other")
    return with_options(find_configuration(choice.config, not choice.no_config), choice)


def find_configuration(path: str | None, wanted: bool) -> Configuration:
    """Read the configuration that holds here.

    Args:
        path: of `--config`; None to look for the nearest upwards.
        wanted: False for `--no-config`.

    Raises:
        UsageError: it cannot be read or makes no sense.
    """
    known = rules()
    if path is not None:
        found = read_configuration(path, read_text(path), known)
        if found is None:
            raise UsageError(f"{path}: there is no [tool.tcpflow] in it")
        return _placed(found)
    if wanted:
        for near in nearest_files(os.getcwd(), NAMES):
            shown = os.path.relpath(near)
            found = read_configuration(shown, read_text(near), known)
            if found is not None:
                return _placed(found)
    return Configuration()


def _placed(configuration: Configuration) -> Configuration:
    """Let the path of the baseline begin at the configuration's folder."""
    if not configuration.baseline:
        return configuration
    folder = os.path.dirname(configuration.path)
    return replace(configuration, baseline=os.path.join(folder, configuration.baseline))


def with_options(configuration: Configuration, choice: GateChoice) -> Configuration:
    """Let what the command line says of the analysis, and of what counts, win.

    Raises:
        UsageError: it makes no sense.
    """
    known = rules()
    found = configuration
    if choice.select:
        found = replace(found, select=_codes(choice.select, known))
    if choice.ignore:
        entries = [
            Ignored(codes, None, Origin(text=f"--ignore {codes.text}"))
            for codes in _codes(choice.ignore, known)
        ]
        found = replace(found, ignore=(*found.ignore, *entries))
    if choice.min_certainty is not None:
        found = replace(found, min_certainty=choice.min_certainty)
    if choice.where is not None:
        try:
            found = replace(found, where=compile_where(choice.where))
        except WhereError as error:
            raise UsageError(f"--where: {error}") from error
    return replace(found, settings=_settings(found.settings, choice))


def _settings(settings: Settings, choice: GateChoice) -> Settings:
    settings = set_parameters(settings, choice.assignments)
    if choice.profiles:
        settings = replace(settings, profiles={**settings.profiles, **dict(choice.profiles)})
    if choice.capture_filter is not None:
        settings = replace(settings, capture_filter=choice.capture_filter)
    if choice.msl is not None:
        settings = replace(settings, msl_ns=choice.msl)
    if choice.checksum is not None:
        settings = replace(settings, checksum=choice.checksum)
    if choice.tunnel is not None:
        settings = replace(settings, tunnel_outer=choice.tunnel == "outer")
    return settings


def with_check(configuration: Configuration, choice: CheckChoice) -> Configuration:
    """Let what the command line of a check says win.

    Raises:
        UsageError: it makes no sense.
    """
    known = rules()
    found = replace(
        configuration,
        allow_truncated=configuration.allow_truncated or choice.allow_truncated,
        allow_empty=configuration.allow_empty or choice.allow_empty,
        together=configuration.together or choice.together,
        baseline=configuration.baseline if choice.baseline is None else choice.baseline,
    )
    if choice.min_severity is not None:
        found = replace(found, settings=replace(found.settings, min_severity=choice.min_severity))
    if choice.fail_on:
        texts = [text for group in choice.fail_on for text in group]
        origin = Origin(text=f"--fail-on {','.join(texts)}")
        found = replace(found, fail_on=fail_on_of([_lower(text) for text in texts], known, origin))
    limits = []
    for text in choice.limits:
        code, sign, most = text.partition("=")
        if not sign or not (most.isascii() and most.isdigit()) or len(most) > 9:
            raise UsageError(f"--max: {text!r} is no CODE=N such as RS001=0")
        origin = Origin(text=f"--max {text}")
        limits.append(limit_of(codes_of(code, known), f"..{most}", origin))
    return found.with_limits(limits)


def _codes(groups: Groups, known: Mapping[str, Rule]) -> tuple[Codes, ...]:
    return tuple(codes_of(text, known) for group in groups for text in group)


def _lower(text: str) -> str:
    """A severity as it is written everywhere; codes stay as they are."""
    return text.lower() if text.lower() in ("error", "warning", "info", "never") else text
