"""Each test beside the peer runs beside every version of it that is here."""

from __future__ import annotations

import pytest

from tests.servers import blackbox_exporter as peer


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.endswith("_beside_the_peer"):
        metafunc.fixturenames.append("peer_version")
        versions = list(peer.programs()) or ["0.23"]
        metafunc.parametrize("peer_version", versions, indirect=True)


@pytest.fixture
def peer_version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(peer, "program", peer.programs().get(request.param, peer.DEBIANS))
    return str(request.param)
