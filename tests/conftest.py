"""With ``LODD_ENGINE=postgresql`` or ``spark`` every test that builds a panel builds it there (``.ci/run``)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if os.environ.get("LODD_ENGINE") != "postgresql" or os.environ.get("LODD_POSTGRESQL"):
        yield
        return
    from tests.engines.server import running

    with running(tmp_path_factory.mktemp("server")) as address:
        os.environ["LODD_POSTGRESQL"] = address
        yield
        del os.environ["LODD_POSTGRESQL"]
