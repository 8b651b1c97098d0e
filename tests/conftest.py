"""The JSON Schema that every record is held to, and the edge app as a person runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

REPOSITORY = Path(__file__).parents[1]
TIMEOUT_S = 120


@pytest.fixture(scope="session")
def check_record() -> Callable[[Any], None]:
    """Refuses a record that is not what edge_app/assets/readings.schema.json says."""
    schema = json.loads((REPOSITORY / "edge_app" / "assets" / "readings.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate


@pytest.fixture(scope="session")
def app_environment() -> dict[str, str]:
    """The environment of a headless machine without any configuration of ours."""
    left_out = ("DISPLAY", "WAYLAND_DISPLAY")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in left_out and not name.startswith("EDGE_DIGITS_")
    }


@pytest.fixture(scope="session")
def edge_app(app_environment: dict[str, str]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs `edge-app` to its end."""

    def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "edge_app", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            cwd=REPOSITORY,
            env=app_environment | environment,
        )

    return run
