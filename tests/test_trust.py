"""Signed bundles: the owner's are taken, everybody else's and every change refused. The signatures are OpenSSH's."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.bundle import embedded_bundle_path
from edge_app.errors import BundleError
from edge_app.store import Store
from edge_app.trust import SIGNATURE_FILE, check_signature

OtherBundle = Callable[[int], Path]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def key(folder: Path, name: str) -> Path:
    """A fresh key pair."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True)
    return folder / name


def sign(bundle: Path, with_key: Path, namespace: str = "edge-digits") -> None:
    """Signs a bundle's manifest."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(with_key), "-n", namespace, str(bundle / "manifest.json")]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    return key(tmp_path, "owner")


@pytest.fixture
def allowed(tmp_path: Path, owner: Path) -> Path:
    file = tmp_path / "allowed_signers"
    file.write_text(f"ada@example.org {owner.with_suffix('.pub').read_text()}")
    return file


def test_the_owners_signature_is_taken(other_bundle: OtherBundle, owner: Path, allowed: Path) -> None:
    bundle = other_bundle(1)
    sign(bundle, owner)

    assert check_signature(bundle, allowed) == "ada@example.org"


def test_without_a_signature_it_is_refused(other_bundle: OtherBundle, allowed: Path) -> None:
    with pytest.raises(BundleError, match=f"must be signed: .* Received: no {SIGNATURE_FILE}"):
        check_signature(other_bundle(1), allowed)


def test_somebody_elses_is_refused(other_bundle: OtherBundle, allowed: Path, tmp_path: Path) -> None:
    bundle = other_bundle(1)
    sign(bundle, key(tmp_path, "stranger"))

    with pytest.raises(BundleError, match="must be signed by one of"):
        check_signature(bundle, allowed)


def test_a_signature_for_another_purpose_is_refused(other_bundle: OtherBundle, owner: Path, allowed: Path) -> None:
    bundle = other_bundle(1)
    sign(bundle, owner, namespace="git")

    with pytest.raises(BundleError):
        check_signature(bundle, allowed)


def test_a_changed_manifest_is_refused(other_bundle: OtherBundle, owner: Path, allowed: Path) -> None:
    bundle = other_bundle(1)
    sign(bundle, owner)
    manifest = bundle / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")

    with pytest.raises(BundleError, match="must be what ada@example.org has signed"):
        check_signature(bundle, allowed)


def test_a_missing_file_of_signers_refuses_all(other_bundle: OtherBundle, owner: Path, tmp_path: Path) -> None:
    bundle = other_bundle(1)
    sign(bundle, owner)

    with pytest.raises(BundleError):
        check_signature(bundle, tmp_path / "nobody")


def test_the_signature_goes_into_the_store_also_later(
    other_bundle: OtherBundle, owner: Path, allowed: Path, tmp_path: Path
) -> None:
    store, bundle = Store(tmp_path / "store"), other_bundle(1)
    store.install(bundle)
    sign(bundle, owner)

    path = store.install(bundle)

    assert check_signature(path, allowed) == "ada@example.org"


def test_a_device_that_trusts_signatures_alone_takes_no_other(
    other_bundle: OtherBundle, owner: Path, allowed: Path, tmp_path: Path, edge_app: Run
) -> None:
    bundle = other_bundle(1)
    flags = [f"--store={tmp_path / 'store'}", "--set=model.trust=signed", f"--set=model.allowed_signers={allowed}"]
    install = ["models", "install", bundle, "--activate", "--no-reload", *flags]

    refused = edge_app(*install)
    sign(bundle, owner)
    taken = edge_app(*install)
    embedded = edge_app("check", embedded_bundle_path(), *flags)

    assert (refused.returncode, "must be signed" in refused.stderr) == (5, True)
    assert taken.returncode == 0, taken.stderr
    assert embedded.returncode == 0, embedded.stderr
