"""Credentials of AWS: each way that a pod gets them, and what happens when one does not answer.

STS is moto's; the metadata services are stand-ins, written from AWS's documentation.
"""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import TransientError
from pillion_log_agent.outputs.aws.client import read_error
from pillion_log_agent.outputs.aws.credentials import AwsCredentials, CredentialSource
from tests.servers.aws import ENVIRONMENT, REGION
from tests.servers.metadata_service import metadata

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.aws import Aws
    from tests.servers.metadata_service import Answer

pytestmark = pytest.mark.usefixtures("aws_environment")
ROLE = "arn:aws:iam::123456789012:role/logs"
FAR = "2126-01-01T00:00:00Z"


def without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


def keys(name: str, expires: str = FAR) -> str:
    return json.dumps(
        {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "AccessKeyId": name,
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": expires,
            "LastUpdated": "2026-01-01T00:00:00Z",
        }
    )


async def access_key(source: CredentialSource | None = None) -> str:
    found = await AwsCredentials(source or CredentialSource(REGION)).current()
    return str(found.access_key)


async def test_from_the_environment() -> None:
    assert await access_key() == ENVIRONMENT["AWS_ACCESS_KEY_ID"]


async def test_from_a_profile_of_the_shared_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "credentials"
    path.write_text("[other]\naws_access_key_id = AKOTHER\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    assert await access_key(CredentialSource(REGION, profile="other")) == "AKOTHER"


async def test_from_a_role_that_is_assumed_with_what_is_found(aws: Aws) -> None:
    source = CredentialSource(REGION, None, ROLE, "ours", aws.address)
    found = await AwsCredentials(source).current()
    assert found.access_key.startswith("ASIA")
    assert found.token


async def test_from_a_web_identity_as_eks_gives_it(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch)
    (tmp_path / "token").write_text("header.payload.signature")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", aws.address)
    assert (await access_key()).startswith("ASIA")


async def test_from_the_endpoint_of_a_container_with_its_token_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_keys(monkeypatch)
    (tmp_path / "token").write_text("pod-identity")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))

    def answer(_method: str, path: str, headers: Any) -> Answer:
        is_known = (path, headers["Authorization"]) == ("/v1/credentials", "pod-identity")
        return (200, keys("ASIAPOD")) if is_known else (403, "")

    with metadata(answer) as address:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{address}/v1/credentials")
        assert await access_key() == "ASIAPOD"


async def test_from_the_instance_with_a_session_token(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keys(monkeypatch)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")

    def answer(method: str, path: str, headers: Any) -> Answer:
        if method == "PUT":
            return 200, "session"
        if headers["X-aws-ec2-metadata-token"] != "session":
            return 401, ""
        return (200, "node") if path.endswith("/") else (200, keys("ASIANODE"))

    with metadata(answer) as address:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        assert await access_key() == "ASIANODE"


async def test_what_runs_out_is_fetched_again_and_what_lasts_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_keys(monkeypatch)
    given = iter(["2026-01-01T00:00:00Z", FAR])
    asked = []

    def answer(_method: str, _path: str, _headers: Any) -> Answer:
        asked.append(1)
        return 200, keys(f"ASIA{len(asked)}", next(given))

    with metadata(answer) as address:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
        credentials = AwsCredentials(CredentialSource(REGION))
        names = [(await credentials.current()).access_key for _ in range(3)]
    assert names == ["ASIA2"] * 3
    assert len(asked) == 2


async def test_credentials_that_are_refused_are_looked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials = AwsCredentials(CredentialSource(REGION))
    await credentials.current()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKNEW")
    assert (await credentials.current()).access_key == ENVIRONMENT["AWS_ACCESS_KEY_ID"]
    credentials.forget()
    assert (await credentials.current()).access_key == "AKNEW"


async def test_who_does_not_answer_holds_up_the_loop_no_longer_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_keys(monkeypatch)
    going = threading.Event()

    def answer(_method: str, _path: str, _headers: Any) -> Answer:
        going.wait(20)
        return 200, keys("ASIALATE")

    with metadata(answer) as address:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
        credentials = AwsCredentials(CredentialSource(REGION), timeout=0.1)
        for _ in range(3):
            with pytest.raises(TransientError, match=r"did not come within 0\.1 s"):
                await credentials.current()
        # The three have waited for one and the same.
        threads = [each for each in threading.enumerate() if each.name == "aws-credentials"]
        assert len(threads) == 1
        going.set()
        async with asyncio.timeout(20):
            while True:
                try:
                    found = await credentials.current()
                except TransientError:
                    continue
                break
    assert found.access_key == "ASIALATE"


async def test_a_profile_that_is_not_there_is_said_by_its_name() -> None:
    with pytest.raises(TransientError, match="nowhere"):
        await access_key(CredentialSource(REGION, profile="nowhere"))


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b'{"__type":"com.amazonaws.logs#ThrottlingException","message":"m"}', {}, "Throttling"),
        (b'{"message":"m"}', {"x-amzn-ErrorType": "ValidationException:http://a/"}, "Validation"),
        (b"<Error><Code>NoSuchBucket</Code><Message>m</Message></Error>", {}, "NoSuchBucket"),
    ],
)
def test_errors_are_read_from_json_and_xml(body: bytes, headers: dict[str, str], code: str) -> None:
    found, words = read_error(body, headers)
    assert found.removesuffix("Exception") == code
    assert words == "m"


def test_what_is_no_error_of_aws_is_shown_with_its_first_words() -> None:
    assert read_error(b"<html>gateway</html>", {}) == ("", "<html>gateway</html>")
