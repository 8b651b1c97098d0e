"""The device's bundles: whatever is cut off or damaged, a whole bundle stays active."""

import multiprocessing
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle
from edge_app.errors import BundleError, StoreError
from edge_app.store import Store
from edge_app.trust import SIGNATURE_FILE

OtherBundle = Callable[[int], Path]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_an_empty_store_has_nothing_active(store: Store) -> None:
    assert (store.active(), store.previous(), store.bundles()) == (None, None, [])


def test_a_bundle_goes_in_whole_and_only_once(store: Store) -> None:
    path = store.install(embedded_bundle_path())
    before = path.stat().st_ino

    assert store.install(embedded_bundle_path()) == path
    assert path.stat().st_ino == before
    assert load_bundle(path).id == path.name == embedded_bundle_path().name
    assert store.active() is None


def test_only_the_files_of_the_manifest_go_in(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(embedded_bundle_path(), source)
    (source / "run-me.sh").write_text("echo no")

    path = store.install(source)

    assert not (path / "run-me.sh").exists()


def test_a_damaged_bundle_does_not_go_in(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(embedded_bundle_path(), source)
    (source / "model.tflite").write_bytes(b"TFL3")

    with pytest.raises(BundleError):
        store.install(source)

    assert store.bundles() == []


def test_of_two_hundred_damaged_bundles_none_changes_what_is_read_with(store: Store, tmp_path: Path) -> None:
    """A bit turned over or the end cut off, in any file. Only the manifest has no hash: a figure in it may differ."""
    whole, chance = embedded_bundle_path(), random.Random(5)
    store.activate(store.install(whole).name)
    files, refused = sorted(file.name for file in whole.iterdir()), Counter[str]()
    for number in range(200):
        bad, name = tmp_path / f"bad-{number}", chance.choice(files)
        shutil.copytree(whole, bad)
        content = bytearray((bad / name).read_bytes())
        if number % 2:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        else:
            del content[chance.randrange(len(content)) :]
        (bad / name).write_bytes(content)
        try:
            store.install(bad)
        except BundleError:
            refused[name] += 1
        else:
            assert name == "manifest.json"
        shutil.rmtree(bad)
        active = store.active()
        assert active is not None
        assert (active / "model.tflite").read_bytes() == (whole / "model.tflite").read_bytes()

    print(f"refused of 200: {dict(refused)}")
    assert load_bundle(whole).id == load_bundle(active).id
    assert sum(refused.values()) >= 150


def test_a_damaged_copy_in_the_store_is_replaced(store: Store) -> None:
    path = store.install(embedded_bundle_path())
    (path / "model.tflite").write_bytes(b"damaged")

    assert store.bundles()[0].fault
    store.install(embedded_bundle_path())

    assert load_bundle(path).id == path.name


def test_another_description_of_a_held_model_is_refused(store: Store, tmp_path: Path) -> None:
    path = store.install(embedded_bundle_path())
    source = tmp_path / "source"
    shutil.copytree(embedded_bundle_path(), source)
    manifest = (source / "manifest.json").read_text()
    (source / "manifest.json").write_text(manifest + "\n")

    with pytest.raises(BundleError, match="another manifest for model"):
        store.install(source)

    assert (path / "manifest.json").read_text() == manifest


def test_a_signature_that_comes_later_is_put_beside_the_bundle_that_is_held(store: Store, tmp_path: Path) -> None:
    path = store.install(embedded_bundle_path())
    before = path.stat().st_ino
    source = tmp_path / "source"
    shutil.copytree(embedded_bundle_path(), source)
    (source / SIGNATURE_FILE).write_bytes(b"signed")

    store.install(source)

    assert (path / SIGNATURE_FILE).read_bytes() == b"signed"
    assert path.stat().st_ino == before  # the bundle itself stays where it is
    assert load_bundle(path).id == path.name


def test_the_one_before_is_remembered(store: Store, tmp_path: Path, other_bundle: OtherBundle) -> None:
    first = store.install(embedded_bundle_path())
    second = store.install(other_bundle(1))

    assert store.activate(first.name) is None
    assert store.activate(second.name[:6]) == first
    assert (store.active(), store.previous()) == (second, first)
    assert store.activate(second.name) == second
    assert (store.active(), store.previous()) == (second, first)
    assert [(held.id, held.active, held.previous) for held in store.bundles()] == [
        (second.name, True, False), (first.name, False, True)]  # fmt: skip


def test_an_id_that_is_not_there_is_refused_with_those_that_are(store: Store) -> None:
    path = store.install(embedded_bundle_path())

    with pytest.raises(StoreError, match=f"must hold one bundle 'ffff'. Received: {path.name}"):
        store.activate("ffff")


def test_a_damaged_bundle_is_not_activated(store: Store) -> None:
    path = store.install(embedded_bundle_path())
    (path / "golden.npz").unlink()

    with pytest.raises(BundleError):
        store.activate(path.name)

    assert store.active() is None


def test_a_link_to_what_is_gone_counts_as_none(store: Store) -> None:
    path = store.install(embedded_bundle_path())
    store.activate(path.name)
    shutil.rmtree(path)

    assert store.active() is None


def test_what_is_gone_leaves_the_one_before_as_the_next_best(store: Store, other_bundle: OtherBundle) -> None:
    first, second = store.install(embedded_bundle_path()), store.install(other_bundle(1))
    store.activate(first.name)
    store.activate(second.name)

    assert store.candidates() == [second, first]
    shutil.rmtree(second)
    assert store.candidates() == [first]


def test_none_is_read_with_where_none_is_meant_to_be_active(store: Store) -> None:
    path = store.install(embedded_bundle_path())
    store.activate(path.name)
    store.deactivate()

    assert (store.active(), store.previous(), store.candidates()) == (None, path, [])


def test_a_link_out_of_the_store_is_not_followed(store: Store, tmp_path: Path, other_bundle: OtherBundle) -> None:
    store.install(embedded_bundle_path())
    outside = other_bundle(1)
    (store.folder / "active").symlink_to(outside)

    assert store.active() is None


def test_pruning_spares_the_active_the_previous_and_the_newest(
    store: Store, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    paths = []
    for number in range(6):
        paths.append(store.install(other_bundle(number)))
        os.utime(paths[-1], (number, number))
    store.activate(paths[0].name)
    store.activate(paths[1].name)

    deleted = store.prune(kept=2)

    assert deleted == [paths[3].name, paths[2].name]
    assert {held.id for held in store.bundles()} == {paths[index].name for index in (0, 1, 4, 5)}
    assert store.prune(kept=2) == []


def test_two_at_once_are_one_too_many(store: Store) -> None:
    with store.locked(), pytest.raises(StoreError, match="is being changed by another command"), store.locked():
        pass

    with store.locked():
        pass


def test_a_store_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")

    with pytest.raises(StoreError, match="cannot install .*: "):
        Store(tmp_path / "store").install(embedded_bundle_path())


def _change_for_ever(store: Store, sources: list[Path]) -> None:
    while True:
        for source in sources:
            with store.locked():
                path = store.install(source)
                store.activate(path.name)
                store.prune(kept=1)


def test_killed_at_random_points_it_always_has_a_whole_bundle(
    store: Store, tmp_path: Path, other_bundle: OtherBundle
) -> None:
    """Fifty cuts. The kernel's caches survive a kill: this shows the order of steps, not that they reach the disk."""
    sources = [other_bundle(number) for number in range(3)]
    store.activate(store.install(sources[0]).name)
    seen = set()
    context = multiprocessing.get_context("fork")
    for cut in range(50):
        child = context.Process(target=_change_for_ever, args=(store, sources))
        child.start()
        child.join(0.003 * (cut % 17))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()

        active = store.active()
        assert active is not None
        assert load_bundle(active).id == active.name
        assert all(not held.fault for held in store.bundles())
        seen.add(active.name)

    with store.locked():
        store.install(sources[0])
    assert not list((store.folder / "bundles").glob(".*"))
    assert len(seen) > 1
