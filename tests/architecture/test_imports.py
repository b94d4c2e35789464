"""Who may import whom, read from the sources."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.architecture.workspace import ROOT, Import, Member, imports, members

CORE = next(member for member in members() if member.package == "pillion")
APPS = [member for member in members() if member.package != "pillion"]
ALL = pytest.mark.parametrize("member", members(), ids=lambda member: member.package)

# Inside core: what each room may import of the others. `testing` may use them all.
FOUNDATION = {"errors", "files"}
ROOMS = {
    "handler": set[str](),
    "errors": set[str](),
    "log": set[str](),
    "files": set[str](),
    "masking": set[str](),
    "trust": set[str](),
    "metrics": FOUNDATION,
    "lifecycle": FOUNDATION,
    "configuration": FOUNDATION,
    "settings": {"errors", "files", "configuration", "masking"},
    "net": FOUNDATION,
    "web": {"errors", "files", "configuration", "settings", "log", "metrics", "lifecycle"},
    "tail": {"errors", "files", "configuration", "settings", "log", "metrics", "lifecycle"},
    "k8s": {"errors", "files", "configuration", "settings", "log", "metrics", "lifecycle"},
    "process": {
        "errors", "files", "configuration", "settings", "log", "metrics", "lifecycle", "web", "trust",
    },
    "exporter": {"errors", "settings", "log", "metrics", "lifecycle", "web", "process"},
}  # fmt: skip

# Inside the log agent: what each room may import of the others; so there is no circle. What is not
# in a room stands above them all.
AGENT = next(member for member in members() if member.package == "pillion_log_agent")
AGENT_ROOMS = {
    "patterns": set[str](),
    "records": {"patterns"},
    "configuration": {"patterns"},
    "network": {"configuration"},
    "forward": set[str](),
    "kubernetes_api": {"configuration", "network", "parsers"},
    "parsers": {"patterns", "records", "configuration"},
    "multiline": {"patterns", "records", "configuration", "parsers"},
    "inputs": {
        # kubernetes_events asks the API server by the client of the filter kubernetes.
        "filters",
        "patterns", "records", "configuration", "parsers", "multiline", "network", "forward",
        "kubernetes_api",
    },
    "filters": {
        "patterns", "records", "configuration", "parsers", "multiline", "network", "forward",
        "kubernetes_api", "outputs",
    },
    "outputs": {"patterns", "records", "configuration", "appending", "network", "forward"},
    "pipeline": {
        "patterns", "records", "configuration", "appending",
        "inputs", "parsers", "multiline", "filters", "outputs",
    },
}  # fmt: skip

# What a distribution is called where its import is called otherwise.
DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "ruamel": "ruamel-yaml",
    "re2": "google-re2",
    "dns": "dnspython",
    "google": "protobuf",
    "opentelemetry": "opentelemetry-proto",
    "cel_expr_python": "cel-expr-python",
    "OpenSSL": "pyopenssl",
}

INPUT_AND_OUTPUT = {
    "asyncio", "http", "io", "logging", "os", "pathlib", "random", "select", "selectors",
    "socket", "ssl", "subprocess", "threading", "time", "urllib.request",
}  # fmt: skip

# Parsing is pure: these files take bytes or text and return values.
PURE = (
    "core/src/pillion/metrics/bounded.py",
    "core/src/pillion/metrics/exposition.py",
    "core/src/pillion/metrics/negotiation.py",
    "core/src/pillion/settings/kinds.py",
    "core/src/pillion/settings/flags.py",
    "core/src/pillion/settings/help.py",
    "core/src/pillion/configuration/convert.py",
    "core/src/pillion/net/head.py",
    "core/src/pillion/net/http1.py",
    "core/src/pillion/net/lenient.py",
    "core/src/pillion/tail/glob/patterns.py",
    "core/src/pillion/tail/lines.py",
    "core/src/pillion/tail/rotation/names.py",
    "core/src/pillion/web/compression.py",
    "core/src/pillion/web/page.py",
    "core/src/pillion/web/values.py",
    "core/src/pillion/web/security/go_names.py",
    "core/src/pillion/web/security/rate.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/columns.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/counting.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/fields.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/formats.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/rfc3164.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/syslog_address.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/tally.py",
    "exporters/nginx/src/pillion_nginx_exporter/access_log/totals.py",
    "exporters/nginx/src/pillion_nginx_exporter/stub_status.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/configuration/encoding.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/configuration/kinds.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/configuration/secrets.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/network/certificates.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/network/ciphers.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/network/names.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/http/cookies.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/http/message.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/http/http_date.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/http/proxy.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/http/url.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probing/address.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/service/external.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/service/timeout.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/service/waterfall.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/dns/message.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/dns/text.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/icmp/echo.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/grpc/message.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/websocket/frames.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/websocket/handshake.py",
    "sidecars/log-agent/src/pillion_log_agent/configuration/classic.py",
    "sidecars/log-agent/src/pillion_log_agent/configuration/declaration.py",
    "sidecars/log-agent/src/pillion_log_agent/configuration/kinds.py",
    "sidecars/log-agent/src/pillion_log_agent/configuration/section.py",
    "sidecars/log-agent/src/pillion_log_agent/configuration/structured.py",
    "sidecars/log-agent/src/pillion_log_agent/configuration/variables.py",
    "sidecars/log-agent/src/pillion_log_agent/filters/conditions.py",
    "sidecars/log-agent/src/pillion_log_agent/filters/grep.py",
    "sidecars/log-agent/src/pillion_log_agent/filters/kubernetes/merging.py",
    "sidecars/log-agent/src/pillion_log_agent/kubernetes_api/pod.py",
    "sidecars/log-agent/src/pillion_log_agent/inputs/pieces.py",
    "sidecars/log-agent/src/pillion_log_agent/inputs/lines.py",
    "sidecars/log-agent/src/pillion_log_agent/filters/kubernetes/splicing.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/runtime_block.py",
    "sidecars/log-agent/src/pillion_log_agent/patterns/lazy.py",
    "sidecars/log-agent/src/pillion_log_agent/records/column.py",
    "sidecars/log-agent/src/pillion_log_agent/records/columns.py",
    "sidecars/log-agent/src/pillion_log_agent/records/json_rows.py",
    "sidecars/log-agent/src/pillion_log_agent/records/spliced.py",
    "sidecars/log-agent/src/pillion_log_agent/records/wire.py",
    "sidecars/log-agent/src/pillion_log_agent/outputs/elasticsearch/body.py",
    "sidecars/log-agent/src/pillion_log_agent/outputs/elasticsearch/results.py",
    "sidecars/log-agent/src/pillion_log_agent/outputs/rendering.py",
    "sidecars/log-agent/src/pillion_log_agent/outputs/retry_after.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/builtin.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/decoders.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/json.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/logfmt.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/ltsv.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/regex.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/runtime.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/shared.py",
    "sidecars/log-agent/src/pillion_log_agent/parsers/types.py",
    "sidecars/log-agent/src/pillion_log_agent/patterns/ruby.py",
    "sidecars/log-agent/src/pillion_log_agent/patterns/strftime.py",
    "sidecars/log-agent/src/pillion_log_agent/patterns/tags.py",
    "sidecars/log-agent/src/pillion_log_agent/patterns/times.py",
    "sidecars/log-agent/src/pillion_log_agent/records/accessor.py",
    "sidecars/log-agent/src/pillion_log_agent/records/batch.py",
    "sidecars/log-agent/src/pillion_log_agent/records/lines.py",
    "sidecars/log-agent/src/pillion_log_agent/records/origin.py",
    "sidecars/log-agent/src/pillion_log_agent/records/timestamps.py",
)


def room(imported: str) -> str:
    """Return the room of core that a module's full name is in: `pillion.web.page` -> `web`."""
    parts = imported.split(".")
    return parts[1] if parts[0] == "pillion" and len(parts) > 1 else ""


def found(member: Member) -> list[Import]:
    return [item for file in member.files() for item in imports(file)]


# The combined container alone may import the processes, and stands above them all.
HOSTED = [member for member in APPS if member.package != "pillion_sidecar"]


@pytest.mark.parametrize("member", HOSTED, ids=lambda member: member.package)
def test_a_process_imports_itself_and_the_core_and_no_other_process(member: Member) -> None:
    others = {app.package for app in APPS} - {member.package}
    assert [str(item) for item in found(member) if item.module.split(".")[0] in others] == []


def test_the_core_imports_no_process() -> None:
    apps = {app.package for app in APPS}
    assert [str(item) for item in found(CORE) if item.module.split(".")[0] in apps] == []


def test_each_room_of_the_core_imports_only_what_it_stands_on() -> None:
    wrong = []
    for file in CORE.files():
        here = file.relative_to(CORE.source).parts[0].removesuffix(".py")
        if here in ("__init__", "testing"):
            continue
        allowed = ROOMS[here] | {here, "", "__version__"}
        wrong += [str(item) for item in imports(file) if room(item.module) not in allowed]
    assert wrong == []


def test_each_room_of_the_log_agent_imports_only_what_it_stands_on() -> None:
    wrong = []
    for file in AGENT.files():
        here, *inside = file.relative_to(AGENT.source).parts
        if inside:
            allowed = AGENT_ROOMS[here] | {here, ""}
            wrong += [str(item) for item in imports(file) if agent_room(item) not in allowed]
    assert wrong == []


def agent_room(item: Import) -> str:
    """Return the room of the log agent that an import is of; empty for what is not the agent's."""
    package, *inside = item.module.split(".")
    return inside[0] if package == AGENT.package and inside else ""


@ALL
def test_nothing_that_ships_imports_what_is_for_tests(member: Member) -> None:
    outside = [
        item
        for item in found(member)
        if item.module.startswith("pillion.testing") and "testing" not in item.file.parts
    ]
    assert outside == []


@ALL
def test_a_package_declares_all_that_it_imports(member: Member) -> None:
    optional = member.project.get("optional-dependencies", {})
    wanted = [*member.project["dependencies"], *(w for extra in optional.values() for w in extra)]
    declared = {name_of(requirement) for requirement in wanted} | {member.project["name"]}
    undeclared = [
        str(item)
        for item in found(member)
        if not item.is_for_types
        and (top := item.module.split(".")[0]) not in sys.stdlib_module_names
        and DISTRIBUTIONS.get(top, top.replace("_", "-")) not in declared
    ]
    assert undeclared == []


def name_of(requirement: str) -> str:
    for index, letter in enumerate(requirement):
        if not (letter.isalnum() or letter in "-_."):
            return requirement[:index].lower()
    return requirement.lower()


@pytest.mark.parametrize("path", PURE)
def test_parsing_is_pure(path: str) -> None:
    touched = [
        str(item)
        for item in imports(ROOT / path)
        if not item.is_for_types
        and (item.module in INPUT_AND_OUTPUT or item.module.split(".")[0] in INPUT_AND_OUTPUT)
    ]
    assert touched == []


def test_one_room_parses_http() -> None:
    elsewhere = [
        str(item)
        for member in members()
        for item in found(member)
        if item.module.split(".")[0] in ("httptools", "h11")
        and not str(item.file.relative_to(ROOT)).startswith("core/src/pillion/net/")
    ]
    assert elsewhere == []


def test_the_probers_reach_the_network_and_the_network_knows_no_probe() -> None:
    blackbox = next(member for member in APPS if member.package == "pillion_blackbox_exporter")
    above = ("probing", "probers", "service")
    upwards = [
        str(item)
        for item in found(blackbox)
        if "network" in item.file.parts
        and item.module.split(".")[1:2] in ([each] for each in above)
    ]
    assert upwards == []


@ALL
def test_an_init_file_holds_a_surface_and_no_work(member: Member) -> None:
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    working = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in member.files()
        if file.name == "__init__.py"
        for node in ast.parse(file.read_text()).body
        if not isinstance(node, allowed)
    ]
    assert working == []


# aiohttp's server is behind these: the core's web rooms, and what answers in each process.
SERVING = (
    "core/src/pillion/web/",
    "core/src/pillion/process/aiohttp_web.py",
    "core/src/pillion/process/service.py",
    "core/src/pillion/exporter.py",
    "exporters/nginx/src/pillion_nginx_exporter/exporter.py",
    "exporters/nginx/src/pillion_nginx_exporter/landing.py",
    "exporters/nginx/src/pillion_nginx_exporter/probe.py",
    "exporters/blackbox/src/pillion_blackbox_exporter/service/",
    "sidecars/combined/src/pillion_sidecar/",
    "sidecars/log-streamer/src/pillion_log_streamer/landing.py",
    "sidecars/log-agent/src/pillion_log_agent/inputs/http.py",
    "sidecars/log-agent/src/pillion_log_agent/landing.py",
    "sidecars/log-agent/src/pillion_log_agent/outputs/prometheus_exporter.py",
    "sidecars/log-agent/src/pillion_log_agent/peer.py",
    "sidecars/log-agent/src/pillion_log_agent/service.py",
    "sidecars/log-agent/src/pillion_log_agent/status.py",
)
# Its client ships what is large and comes often.
SHIPPING = ("sidecars/log-agent/src/pillion_log_agent/outputs/",)


@ALL
def test_aiohttp_serves_pages_and_ships_records_and_is_nowhere_else(member: Member) -> None:
    misplaced = [
        str(item)
        for item in found(member)
        if item.module.split(".")[0] == "aiohttp"
        and not str(item.file.relative_to(ROOT)).startswith(
            SERVING if is_of_the_server(item.module) else SHIPPING
        )
    ]
    assert misplaced == []


SERVERS = {
    "web", "abc", "hdrs", "http_exceptions", "typedefs", "HttpVersion10", "HttpVersion11",
}  # fmt: skip


def is_of_the_server(module: str) -> bool:
    parts = module.split(".")
    return len(parts) > 1 and parts[1] in SERVERS


@ALL
def test_nothing_private_of_aiohttp_is_imported(member: Member) -> None:
    private = [
        str(item)
        for item in found(member)
        if item.module.split(".")[0] == "aiohttp"
        and any(part.startswith("_") for part in item.module.split("."))
    ]
    assert private == []
