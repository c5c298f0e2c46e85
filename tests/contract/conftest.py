from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.contract.typescript_reader import ESBUILD, TypeScriptReader, typescript_reader


@pytest.fixture(scope="session")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TypeScriptReader]:
    if shutil.which("node") is None or not ESBUILD.exists():
        pytest.skip("Node or the site's packages are not installed: run `npm --prefix frontend ci`")
    with typescript_reader(tmp_path_factory.mktemp("typescript")) as reader:
        yield reader
