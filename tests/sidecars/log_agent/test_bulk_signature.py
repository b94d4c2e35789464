"""`aws_auth` of es and opensearch: signatures that AWS would take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError, TransientError
from tests.servers import aws_signature
from tests.servers.aws import REGION, SECRET_KEY
from tests.servers.http_sink import http_sink
from tests.sidecars.log_agent.made_outputs import made_output
from tests.sidecars.log_agent.test_outputs import batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.http_sink import HttpSink, Posted

pytestmark = pytest.mark.usefixtures("aws_environment")


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as running:
        yield running


def verifying(service: str) -> Any:
    def answer(posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
        wrong = aws_signature.fault(posted, secret=SECRET_KEY, service=service, region=REGION)
        if wrong is not None:
            return 403, {}, f'{{"message":"{wrong}"}}'.encode()
        return 200, {}, b'{"errors":false,"items":[{"create":{"status":201}}]}'

    return answer


def signing(sink: HttpSink, name: str = "opensearch", **properties: str) -> Any:
    given = {"host": "127.0.0.1", "port": str(sink.port), "aws_auth": "on", "aws_region": REGION}
    return made_output(name, *(given | properties).items())


@pytest.mark.parametrize("name", ["es", "opensearch"])
@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"compress": "gzip"},
        {"path": "/a b/ü", "pipeline": "p/1 ?&*~"},
        {"aws_service_name": "aoss"},
    ],
)
async def test_a_bulk_request_is_signed(
    sink: HttpSink, name: str, properties: dict[str, str]
) -> None:
    sink.answer = verifying(properties.get("aws_service_name", "es"))
    output = signing(sink, name, **properties)
    outcome = await output.write([batch({"log": "한"})])
    await output.close()
    assert not outcome.again
    assert len(sink.taken) == 1
    assert "X-Amz-Content-SHA256" in sink.taken[0].headers or not properties.get("aws_service_name")


async def test_users_and_keys_give_way_to_the_signature(sink: HttpSink) -> None:
    sink.answer = verifying("es")
    output = signing(sink, http_user="u", http_passwd="p")
    await output.write([batch({"log": 1})])
    await output.close()
    assert sink.taken[0].headers["Authorization"].startswith("AWS4-HMAC-SHA256")


async def test_credentials_that_are_refused_are_looked_for_again(
    sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.answer = verifying("es")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    output = signing(sink)
    with pytest.raises(TransientError, match="the signature is another"):
        await output.write([batch({"log": 1})])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    await output.write([batch({"log": 1})])
    await output.close()
    assert len(sink.taken) == 1


def test_without_a_region_nothing_can_be_signed(sink: HttpSink) -> None:
    with pytest.raises(ConfigurationError, match="aws_region: is missing"):
        made_output("es", ("aws_auth", "on"))
