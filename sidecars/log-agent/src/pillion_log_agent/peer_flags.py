"""The command lines of fluent-bit and fluentd: as our own flags, and as a configuration. Pure.

Source: the help texts of both programs. A value stands behind its flag as an argument of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from posixpath import join

from pillion.errors import ConfigurationError

_PLUGINS = {"-i": "INPUT", "--input": "INPUT", "-F": "FILTER", "--filter": "FILTER",
            "-o": "OUTPUT", "--output": "OUTPUT"}  # fmt: skip
_PROPERTIES = {"-p": "", "--prop": "", "-m": "match", "--match": "match", "-t": "tag"}
_FLUSH = ("-f", "--flush")
_PARSERS = ("-R", "--parser")
_DIRECTORY = ("-w", "--workdir")
_PLAIN = {
    "-v": "--log.level=debug",
    "--verbose": "--log.level=debug",
    "-vv": "--log.level=debug",
    "-q": "--log.level=error",
    "--quiet": "--log.level=error",
    "-V": "--version",
    "-D": "--config.check",
    "--dry-run": "--config.check",
    "-H": "",
    "--http": "",
    "-Y": "",
    "--enable-hot-reload": "",
}
_ADDRESS = ("-P", "--port")
_FILE = ("-c", "--config")
_WITH_VALUE = {*_PLUGINS, *_PROPERTIES, *_FLUSH, *_PARSERS, *_DIRECTORY, *_ADDRESS, *_FILE}
_REFUSED = {
    "-d": "the process stays in the foreground, as containers want it",
    "--daemon": "the process stays in the foreground, as containers want it",
    "-e": "plugins are part of the program",
    "--plugin": "plugins are part of the program",
    "-l": "the log goes to standard error; redirect it",
    "--log_file": "the log goes to standard error; redirect it",
    "-T": "use filters, such as grep and modify",
    "--sp-task": "use filters, such as grep and modify",
    "-Z": "use --log.level=debug and --config.explain",
    "-C": "there are no custom plugins",
    "-b": "give the input a db, and --state.directory for what has none",
    "--storage_path": "give the input a db, and --state.directory for what has none",
}
_FLUENTD = {
    "-v": "--log.level=debug",
    "-vv": "--log.level=debug",
    "-q": "--log.level=warn",
    "-qq": "--log.level=error",
    "--verbose": "--log.level=debug",
    "--quiet": "--log.level=warn",
    "--dry-run": "--config.check",
    "--no-supervisor": "",
    "--under-supervisor": "",
}
_FLUENTD_REFUSED = {
    "-p": "plugins are part of the program; one that is not there is refused by name",
    "--plugin": "plugins are part of the program; one that is not there is refused by name",
    "-d": "the process stays in the foreground, as containers want it",
    "-o": "the log goes to standard error; redirect it",
    "-r": "Ruby's libraries cannot be loaded",
    "-i": "write what it says into the configuration",
}


@dataclass(slots=True)
class CommandLine:
    """What a command line of a peer says.

    Attributes:
        arguments: our own flags.
        sections: of a configuration, in fluent-bit's classic form; empty where there are none.
        service: keys of its section for the process.
        parsers: files of parsers.
        directory: to work in, where one is named.
        file: the configuration that is named.
    """

    arguments: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    service: list[str] = field(default_factory=list)
    parsers: list[str] = field(default_factory=list)
    directory: str | None = None
    file: str | None = None

    def configuration(self, directory: str) -> str:
        """Return the text of the configuration; empty where the command line says none.

        Args:
            directory: in which the files are that it names.
        """
        if not (self.sections or self.service or self.parsers):
            return ""
        named = [f"    parsers_file {join(directory, each)}" for each in self.parsers]
        included = [f"@INCLUDE {join(directory, self.file)}"] if self.file is not None else []
        service = ["[SERVICE]", *self.service, *named] if self.service or named else []
        return "\n".join([*service, *included, *self.sections, ""])


def read_fluentd_flags(arguments: list[str]) -> list[str]:
    """Return fluentd's flags as our own; raises ConfigurationError."""
    found: list[str] = []
    for argument in arguments:
        if argument in _FLUENTD_REFUSED:
            raise ConfigurationError(f"{argument}: is not supported; {_FLUENTD_REFUSED[argument]}")
        if ours := _FLUENTD.get(argument, argument):
            found.append(ours)
    return found


def read_flags(arguments: list[str]) -> CommandLine:
    """Return what a command line says, with fluent-bit's flags and our own.

    Raises:
        ConfigurationError: a flag cannot be had, or has no value.
    """
    line = CommandLine()
    left = iter(arguments)
    for argument in left:
        if argument in _REFUSED:
            raise ConfigurationError(f"{argument}: is not supported; {_REFUSED[argument]}")
        if argument in _PLAIN:
            if _PLAIN[argument]:
                line.arguments.append(_PLAIN[argument])
        elif argument in _WITH_VALUE:
            _take(line, argument, _value(argument, next(left, None)))
        else:
            line.arguments.append(argument)
    return line


def _take(line: CommandLine, flag: str, value: str) -> None:
    """Take a flag with its value."""
    if flag in _PLUGINS:
        line.sections += [f"[{_PLUGINS[flag]}]", f"    name {value}"]
    elif flag in _PROPERTIES:
        _property(line, flag, value)
    elif flag in _FLUSH:
        line.service.append(f"    flush {value}")
    elif flag in _PARSERS:
        line.parsers.append(value)
    elif flag in _ADDRESS:
        line.arguments.append(f"--web.listen-address=:{value}")
    elif flag in _DIRECTORY:
        line.directory = value
    else:
        line.file = value


def _property(line: CommandLine, flag: str, value: str) -> None:
    """Add a property to the plugin that was named last."""
    if not line.sections:
        raise ConfigurationError(f"{flag} {value}: stands before the plugin that it is for")
    key, equals, rest = (_PROPERTIES[flag], "=", value) if _PROPERTIES[flag] else _split(value)
    if not equals or not key.strip():
        raise ConfigurationError(f"{flag} {value}: is not a property; write key=value")
    line.sections.append(f"    {key.strip()} {rest.strip()}")


def _split(value: str) -> tuple[str, str, str]:
    return value.partition("=")


def _value(flag: str, value: str | None) -> str:
    if value is None:
        raise ConfigurationError(f"{flag}: has no value")
    if "\n" in value or "\r" in value:
        raise ConfigurationError(f"{flag}: has a line break in its value")
    return value
