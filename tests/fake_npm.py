"""An `npm` that packs what a test gives it."""

import os
import stat
import tarfile
from collections.abc import Mapping
from pathlib import Path


def fake_npm(folder: Path, members: Mapping[str, bytes]) -> str:
    """A PATH with an `npm` first, whose `pack` yields one archive of the files given by their paths in it."""
    archive = folder / "packed.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        for path, content in members.items():
            (folder / "member").write_bytes(content)
            packed.add(folder / "member", path)
    npm = folder / "npm"
    npm.write_text(f'#!/bin/sh\nwhile [ "$1" != --pack-destination ]; do shift; done\ncp {archive} "$2"\n')
    npm.chmod(npm.stat().st_mode | stat.S_IEXEC)
    return os.pathsep.join([str(folder), os.environ["PATH"]])
