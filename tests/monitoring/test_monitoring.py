"""Alert rules fire when they should; rules and dashboard ask for figures that there are, in PromQL that is valid."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_app.outputs.metrics import Metrics
from edge_app.status import LoopStatus, Phase, Reload

MONITORING = Path(__file__).parents[2] / "systemd" / "monitoring"
HERE = Path(__file__).parent
SUFFIXES = ("_bucket", "_sum", "_count")
OTHERS = {"process_resident_memory_bytes"}


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("needs promtool (apt install prometheus)")
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


def expressions() -> list[str]:
    """Of the dashboard's panels."""
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def exported() -> set[str]:
    """Names of all figures, those of a Pi's board among them."""
    metrics = Metrics({}, lambda: 50.0, lambda: {"throttled": False})
    metrics.observe(LoopStatus(Phase.READING, "", "0", 1, "fake", 1, 0, 0, 1, 1.0, Reload()))
    kinds = re.findall(r"^# TYPE (\S+)", metrics.text()[0].decode(), re.MULTILINE)
    return {name.removesuffix("_created") for name in kinds}


def test_the_rules_are_valid_and_fire_when_they_should() -> None:
    checked = promtool("check", "rules", MONITORING / "alerts.yml")
    tested = promtool("test", "rules", HERE / "alerts-test.yml")

    assert (checked.returncode, tested.returncode) == (0, 0), checked.stdout + tested.stdout + tested.stderr
    assert "3 rules found" in checked.stdout


def test_the_dashboards_queries_are_valid(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())]
    file = tmp_path / "rules.json"  # which is YAML, too
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}).replace("$instance", ".*"))

    checked = promtool("check", "rules", file)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(rules) >= 20


@pytest.mark.parametrize("where", ["dashboard", "alerts"])
def test_every_figure_that_is_asked_for_is_there(where: str) -> None:
    text = " ".join(expressions()) if where == "dashboard" else (MONITORING / "alerts.yml").read_text()
    asked = set(re.findall(r"\b(?:edge_digits|process)_[a-z_]+", text))

    there = exported() | OTHERS
    known = there | {name + suffix for name in there for suffix in SUFFIXES}
    assert asked and asked <= known, asked - known


def test_no_two_panels_lie_over_each_other() -> None:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    taken: set[tuple[int, int]] = set()

    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24
        taken |= cells
