"""The bundles of a device: a folder that holds several, one of them active, and is never without a whole one.

    bundles/<id>/   bundles, each written under another name first and renamed when it is whole and on the disk
    active          symbolic link to the one to read with
    previous        symbolic link to the one before, for `rollback` and for a start at which the active one is refused

Whoever changes the folder holds a lock on it.
Links are replaced by a rename, which the file system does whole or not at all; a power cut at any point leaves
the old link or the new one. What cuts leave behind (names that begin with a dot) the next install removes.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_app.bundle import Bundle, load_bundle
from edge_app.errors import BundleError, StoreError
from edge_app.manifest import MANIFEST_FILE
from edge_app.trust import SIGNATURE_FILE

SHARED_MODE = 0o2775  # all of the group may deploy, and delete what others of it have deployed
KEPT = 5  # newest bundles that `prune` leaves, beside the active and the previous one


@dataclass(frozen=True, slots=True)
class Held:
    """A bundle in the store.

    Attributes:
        id: first 16 hex digits of the model's sha256.
        name: of its recipe; empty where the bundle is damaged.
        active, previous: whether it is linked as such.
        fault: why it is refused; empty where its files are whole.
    """

    id: str
    name: str
    active: bool
    previous: bool
    fault: str = ""


class Store:
    """A device's bundles.

    Args:
        folder: that holds them; need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bundles = folder / "bundles"

    def active(self) -> Path | None:
        """The bundle to read with; None where none was activated, or what is linked is gone."""
        return self._linked("active")

    def previous(self) -> Path | None:
        """The one that was active before."""
        return self._linked("previous")

    def candidates(self) -> list[Path]:
        """The bundles to read with, the first that is good: the active one, then the one before.

        None where none is meant to be active, as after `deactivate`.
        """
        if not (self.folder / "active").is_symlink():
            return []
        return [path for path in (self.active(), self.previous()) if path is not None]

    def path(self, bundle_id: str) -> Path:
        """Folder of a bundle by its id, or by the beginning of it where no other begins so.

        Raises:
            StoreError: the store holds none such, or several.
        """
        found = [path for path in self._paths() if bundle_id and path.name.startswith(bundle_id)]
        if len(found) != 1:
            ids = " ".join(path.name for path in self._paths()) or "none"
            raise StoreError(f"{self.folder} must hold one bundle {bundle_id!r}. Received: {ids}")
        return found[0]

    def bundles(self) -> list[Held]:
        """All of them, the newest first."""
        active, previous = self.active(), self.previous()
        return [_held(path, path == active, path == previous) for path in self._paths()]

    def install(self, source: Path) -> Path:
        """Copies a bundle in; where the same one is there already, adds the signature at most.

        Returns:
            Its folder in the store.

        Raises:
            BundleError: its files are not what its manifest says, or the store holds its model otherwise described.
            StoreError: the store cannot be written, e.g. because the disk is full; nothing is left of the copy.
        """
        bundle = load_bundle(source)
        target = self._bundles / bundle.id
        with self._writing(f"install {bundle.id}"):
            if not self._bundles.is_dir():
                self._bundles.mkdir(parents=True)
                self._bundles.chmod(SHARED_MODE)
            self._sweep()
            held = _whole(target)
            if held is not None:
                _check_same(bundle, held)
                _add_signature(source, target)
            else:
                with tempfile.TemporaryDirectory(dir=self._bundles, prefix=".new-", ignore_cleanup_errors=True) as new:
                    copy = Path(new) / bundle.id
                    _copy(bundle, copy)
                    load_bundle(copy)
                    if target.exists():  # damaged
                        target.replace(Path(new) / "replaced")
                    copy.replace(target)
                    _sync(self._bundles)
        return target

    def activate(self, bundle_id: str) -> Path | None:
        """Makes a bundle the one to read with. The one that was is the previous one from then on.

        Returns:
            The one that was active; None where none was.

        Raises:
            StoreError: there is no such bundle, or the store cannot be written.
            BundleError: it is damaged.
        """
        target = self.path(bundle_id)
        load_bundle(target)
        before = self.active()
        if before == target:
            return before
        with self._writing(f"activate {target.name}"):
            if before is not None:
                self._link("previous", before)
            self._link("active", target)
        return before

    def deactivate(self) -> None:
        """Leaves no bundle active, so that the app reads with the one that it ships with."""
        before = self.active()
        with self._writing("deactivate"):
            if before is not None:
                self._link("previous", before)
            (self.folder / "active").unlink(missing_ok=True)
            _sync(self.folder)

    def restore(self, active: Path | None, previous: Path | None) -> None:
        """Links the bundles that were linked before, as if what was activated since had never been."""
        with self._writing("restore"):
            for name, target in (("active", active), ("previous", previous)):
                if target is not None:
                    self._link(name, target)
                else:
                    (self.folder / name).unlink(missing_ok=True)
                    _sync(self.folder)

    def prune(self, kept: int = KEPT) -> list[str]:
        """Deletes all but the newest bundles; the active and the previous one stay in any case.

        Returns:
            Ids of those that were deleted.
        """
        spared = {self.active(), self.previous()}
        old = [path for path in self._paths()[kept:] if path not in spared]
        with self._writing("prune"):
            self._sweep()
            for path in old:
                path.replace(path.with_name(f".old-{path.name}"))  # never half a bundle under its own name
                shutil.rmtree(path.with_name(f".old-{path.name}"))
        return [path.name for path in old]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps others from changing the store.

        Raises:
            StoreError: somebody else is changing it.
        """
        with self._writing("lock"):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreError(f"{self.folder} is being changed by another command; try again after it") from error
            yield
        finally:
            os.close(lock)

    def _paths(self) -> list[Path]:
        """Folders of bundles, the newest first."""
        if not self._bundles.is_dir():
            return []
        folders = [path for path in self._bundles.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return sorted(folders, key=lambda path: (-path.stat().st_mtime_ns, path.name))

    def _linked(self, name: str) -> Path | None:
        try:
            target = self._bundles / (self.folder / name).readlink().name
        except OSError:
            return None
        return target if target.is_dir() else None

    def _link(self, name: str, target: Path) -> None:
        """Points a link to a bundle, in one step that is on the disk afterwards."""
        new = self.folder / f".{name}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("bundles") / target.name)
        new.replace(self.folder / name)
        _sync(self.folder)

    def _sweep(self) -> None:
        """Removes what cut-off commands have left; nobody else is at work, see `locked`."""
        for leftover in self._bundles.glob(".*"):
            shutil.rmtree(leftover, ignore_errors=True)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot {what}: {error.strerror or error}") from error


def _held(path: Path, active: bool, previous: bool) -> Held:
    try:
        return Held(path.name, load_bundle(path).manifest.name, active, previous)
    except BundleError as error:
        return Held(path.name, "", active, previous, str(error))


def _whole(path: Path) -> Bundle | None:
    """A bundle whose files are what its manifest says; None where there is none such."""
    try:
        return load_bundle(path)
    except BundleError:
        return None


def _check_same(bundle: Bundle, held: Bundle) -> None:
    """Refuses another description of a model that is held: what is in the store may be in use, and never changes."""
    ours, theirs = ((each.path / MANIFEST_FILE).read_bytes() for each in (held, bundle))
    if ours != theirs:
        raise BundleError(
            f"{bundle.path}: the store must not hold its model yet, or hold it with the same manifest. "
            f"Received: another manifest for model {bundle.id}; export the model anew"
        )


def _add_signature(source: Path, target: Path) -> None:
    """Puts the signature of a bundle beside it in the store, where it has another or none there."""
    new, old = source / SIGNATURE_FILE, target / SIGNATURE_FILE
    if not new.is_file() or (old.is_file() and old.read_bytes() == new.read_bytes()):
        return
    copy = target / f".{SIGNATURE_FILE}.new"
    with copy.open("wb") as stream:
        stream.write(new.read_bytes())
        stream.flush()
        os.fsync(stream.fileno())
    copy.replace(old)
    _sync(target)


def _copy(bundle: Bundle, target: Path) -> None:
    """The manifest and the files that it lists, and nothing else that lay beside them; on the disk afterwards."""
    target.mkdir()
    target.chmod(SHARED_MODE)
    signature = [SIGNATURE_FILE] if (bundle.path / SIGNATURE_FILE).is_file() else []
    for name in (MANIFEST_FILE, *signature, *bundle.manifest.files):
        with (bundle.path / name).open("rb") as source, (target / name).open("xb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
    _sync(target)


def _sync(folder: Path) -> None:
    """Brings a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
