"""The notebook runs from top to bottom, and what it prints is true."""

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "trainer" / "notebooks" / "Handwritten_Digit_Classifier_INT8_EN.ipynb"
SMALL = "TRAIN_DIGITS, EPOCHS, QAT_EPOCHS, TEST_DIGITS, SEED = 3000, 2, 1, 200, 1"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All text that the cells print, with small settings."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (settings,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    settings.source = SMALL
    folder = str(tmp_path_factory.mktemp("notebook"))
    nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 5
    return "".join(output.get("text", "") for output in outputs)


def test_it_runs_whole_and_its_integers_read_what_its_floats_read(printed: str) -> None:
    floating, int8, qat = re.findall(r"^(?:float|INT8, [a-z-]+): (0\.\d+)$", printed, flags=re.MULTILINE)[-3:]

    assert float(floating) > 0.9
    assert abs(float(floating) - float(int8)) < 0.02
    assert abs(float(floating) - float(qat)) < 0.03
    assert "input:  int8 [ 1 28 28  1] scale and zero point (0.0039215" in printed


def test_the_file_holds_no_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)

    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
