"""Bundles on their way to devices: taken up, refused, cut off; a device is never without one that it reads with."""

import json
import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_app.bundle import embedded_bundle_path
from tests.e2e.test_service import EDGE_APP, status, wait_until_read
from tests.e2e.virtual_pi import Network, VirtualPi

OtherBundle = Callable[[int], Path]
CUTS = int(os.environ.get("EDGE_TEST_CUTS", "8"))  # power cuts at random moments of a deployment
STORE = "/var/lib/edge-digits"


@pytest.fixture
def reading(device: VirtualPi) -> Iterator[VirtualPi]:
    """A device that reads with the bundle that it was installed with, and has no other."""
    device.ssh(f"rm -rf {STORE}/active {STORE}/previous {STORE}/incoming {STORE}/bundles/*", user="root")
    device.ssh("systemctl reset-failed edge-digits; systemctl restart edge-digits", user="root")
    wait_until_read(device)
    yield device


def deploy(network: Network, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return network.run("scripts/deploy.sh", *arguments, check=False, timeout_s=300)


def bundle_id(folder: Path) -> str:
    """First 16 digits of its model's sha256."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return str(manifest["files"]["model.tflite"]["sha256"][:16])


def test_a_bundle_is_pushed_taken_up_and_rolled_back(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle
) -> None:
    new, before = other_bundle(1), status(reading)

    dry = deploy(network, "--dry-run", new, reading.name)
    assert (dry.returncode, status(reading)["model"]) == (0, before["model"])

    pushed = deploy(network, new, reading.name)
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert "is active, and the running app reads with it" in pushed.stdout
    now = status(reading)
    assert (now["model"], now["problem"]) == (bundle_id(new), "")
    assert reading.ssh(f"ls {STORE}/incoming").stdout == ""

    assert "unchanged" in deploy(network, new, reading.name).stdout
    assert f"{bundle_id(new)}  compact     active" in deploy(network, "list", reading.name).stdout
    rolled_back = deploy(network, "rollback", reading.name)
    assert rolled_back.returncode == 0, rolled_back.stdout
    assert status(reading)["model"] == embedded_bundle_path().name
    assert f"model:          {embedded_bundle_path().name}" in deploy(network, "status", reading.name).stdout


def test_a_damaged_bundle_stays_outside_with_its_reason(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle
) -> None:
    bad = other_bundle(1)
    content = bytearray((bad / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 4
    (bad / "model.tflite").write_bytes(content)

    here = deploy(network, bad, reading.name)
    assert (here.returncode, "is refused here" in here.stderr) == (1, True)
    copied = f"{STORE}/incoming/bad"
    reading.ssh(f"mkdir -p {copied}")
    ssh = f"ssh -F {network.ssh_config}"
    network.run("rsync", "-e", ssh, "-a", "--no-perms", f"{bad}/", f"{reading.name}:{copied}/")
    there = reading.ssh(f"{EDGE_APP} models install {copied} --activate", check=False)

    assert there.returncode == 5
    assert "model.tflite" in there.stderr
    assert status(reading)["model"] == embedded_bundle_path().name


def test_a_host_that_is_not_there_fails_alone_and_a_canary_saves_the_others(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle
) -> None:
    new = other_bundle(1)

    saved = deploy(network, "--canary", "nobody.invalid", new, reading.name)
    assert (saved.returncode, "the others were left alone" in saved.stderr) == (1, True)
    assert status(reading)["model"] == embedded_bundle_path().name

    both = deploy(network, new, "nobody.invalid", reading.name)
    assert both.returncode == 1
    assert [line.split()[:2] for line in both.stdout.splitlines()] == [
        ["nobody.invalid", "FAILED"], [reading.name, "ok"]]  # fmt: skip
    assert status(reading)["model"] == bundle_id(new)


def test_a_copy_that_is_cut_off_goes_on_at_the_next_try(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle
) -> None:
    """What is there of it lies where nobody reads with it."""
    new = other_bundle(1)
    incoming = f"{STORE}/incoming/{new.name}"
    reading.ssh(f"mkdir -p {incoming} && head -c 1000 /dev/zero >{incoming}/model.tflite")
    ssh = f"ssh -F {network.ssh_config}"
    slow = ["rsync", "-a", "--bwlimit=20", "--partial", "-e", ssh, f"{new}/", f"{reading.name}:{incoming}/"]
    cut_off = network.run("timeout", "2", *slow, check=False)
    assert cut_off.returncode == 124
    assert status(reading)["model"] == embedded_bundle_path().name

    again = deploy(network, new, reading.name)

    assert again.returncode == 0, again.stdout
    assert status(reading)["model"] == bundle_id(new)


def test_a_device_that_trusts_its_owner_alone_takes_a_signed_bundle(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle, tmp_path: Path
) -> None:
    key, new = tmp_path / "owner", other_bundle(1)
    network.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    config = "/etc/edge-digits"
    signer = f"ada@example.org {key.with_suffix('.pub').read_text()}"
    reading.ssh(f"cp {config}/config.toml /root/; echo '{signer.strip()}' >{config}/allowed_signers", user="root")
    reading.ssh(f"printf '[model]\\ntrust = \"signed\"\\n' >>{config}/config.toml", user="root")
    reading.ssh("systemctl reload edge-digits", user="root")

    unsigned = deploy(network, new, reading.name)
    signed = deploy(network, "--sign", key, new, reading.name)
    reading.ssh(f"cp /root/config.toml {config}/config.toml", user="root")

    assert (unsigned.returncode, "must be signed" in unsigned.stdout) == (1, True)
    assert signed.returncode == 0, signed.stdout + signed.stderr
    assert status(reading)["model"] == bundle_id(new)


def test_of_two_at_once_one_may_be_refused_and_the_device_reads(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle
) -> None:
    bundles = [other_bundle(number) for number in (1, 2)]
    outcomes: dict[int, int] = {}
    threads = [
        threading.Thread(target=lambda at=at, b=b: outcomes.update({at: deploy(network, b, reading.name).returncode}))
        for at, b in enumerate(bundles)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    taken = {bundle_id(bundle) for at, bundle in enumerate(bundles) if outcomes[at] == 0}
    assert taken
    assert status(reading)["model"] in taken


def test_a_full_disk_leaves_the_bundle_in_use(reading: VirtualPi, network: Network, other_bundle: OtherBundle) -> None:
    """A small file system stands in for the store's full one."""
    own = f"chown -R edge-digits:edge-digits {STORE} && chmod 2775 {STORE}/bundles"
    reading.ssh(f"mount -t tmpfs -o size=300k,mode=2775 tmpfs {STORE} && mkdir {STORE}/bundles && {own}", user="root")

    full = deploy(network, other_bundle(1), reading.name)
    reading.ssh(f"umount {STORE}", user="root")

    assert full.returncode == 1
    assert "No space left on device" in full.stdout
    assert status(reading)["model"] == embedded_bundle_path().name
    wait_until_read(reading)


def test_power_cuts_during_deployment_leave_one_bundle_or_the_other(
    reading: VirtualPi, network: Network, other_bundle: OtherBundle
) -> None:
    bundles, chance = [other_bundle(number) for number in (1, 2)], random.Random(5)
    began_s = time.monotonic()
    assert deploy(network, bundles[0], reading.name).returncode == 0
    took_s = time.monotonic() - began_s
    ids, seen = {bundle_id(bundle) for bundle in bundles}, []
    for cut in range(CUTS):
        pushing = threading.Thread(target=deploy, args=(network, bundles[(cut + 1) % 2], reading.name))
        pushing.start()
        time.sleep(chance.uniform(0.05, 1.0) * took_s)
        reading.pull_the_plug()
        pushing.join()
        reading.boot()
        wait_until_read(reading)

        now = status(reading)
        assert now["model"] in ids
        assert now["problem"] == ""
        seen.append(now["model"])
    print(f"{CUTS} power cuts; came back with {len(set(seen))} different bundles")
