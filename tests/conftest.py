"""The JSON Schema that every record is held to, other bundles, and the edge app as a person runs it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edge_app.bundle import embedded_bundle_path

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


@pytest.fixture
def other_bundle(tmp_path: Path) -> Callable[[int], Path]:
    """Makes the embedded bundle with another id for each number: the model has some bytes more at its end."""

    def make(number: int) -> Path:
        folder = tmp_path / f"source-{number}"
        shutil.copytree(embedded_bundle_path(), folder)
        model, manifest_file = folder / "model.tflite", folder / "manifest.json"
        content = model.read_bytes() + bytes([number] * 8)
        model.write_bytes(content)
        manifest = json.loads(manifest_file.read_text())
        manifest["files"]["model.tflite"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        manifest_file.write_text(json.dumps(manifest))
        return folder

    return make
