"""The subcommands `models …` and `status`: a device's bundles and its running app, for a person or for deploy.sh."""

import argparse
import dataclasses
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from edge_app.bundle import check_preprocessing, load_bundle
from edge_app.config import Config, LoadedConfig
from edge_app.connect import control_path
from edge_app.control import DEFAULT_SOCKET, ask
from edge_app.errors import StoreError
from edge_app.rollout import roll_out
from edge_app.stages.crop import PREPROCESSING
from edge_app.store import Held, Store
from edge_app.verified import check_trust, model_flags

EXIT_OK = 0


def models(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Lists, installs, activates or deletes bundles of the device's store."""
    store = Store(Path(loaded.config.model.store))
    if args.action == "list":
        return _list(store, args)
    actions = {"install": _install, "activate": _activate, "rollback": _rollback, "prune": _prune}
    with store.locked():
        return actions[args.action](store, args, loaded.config)


def status(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Asks the running app how it is."""
    record = ask(_socket(args, loaded.config))
    if args.json:
        _print_line(record)
        return EXIT_OK
    for name, value in record.items():
        print(f"{name.replace('_', ' ') + ':':16}{_readable(name, value)}")
    return EXIT_OK


def _list(store: Store, args: argparse.Namespace) -> int:
    held = store.bundles()
    if args.json:
        _print_line([dataclasses.asdict(bundle) for bundle in held])
    elif held:
        print("\n".join(_row(bundle) for bundle in held))
    else:
        print(f"{store.folder} holds no bundle; the app reads with the one that it ships with", file=sys.stderr)
    return EXIT_OK


def _install(store: Store, args: argparse.Namespace, config: Config) -> int:
    check_preprocessing(load_bundle(args.folder), PREPROCESSING)
    check_trust(config, args.folder)
    path = store.install(args.folder)
    if not args.activate:
        print(f"{path.name} is in {store.folder}")
        return EXIT_OK
    _roll_out(store, path, args, config)
    if args.keep is not None:
        store.prune(args.keep)
    return EXIT_OK


def _activate(store: Store, args: argparse.Namespace, config: Config) -> int:
    return _roll_out(store, store.path(args.id), args, config)


def _rollback(store: Store, args: argparse.Namespace, config: Config) -> int:
    """To the one before; where there is none, to the one that the app ships with."""
    if store.active() is None and store.previous() is None:
        raise StoreError(f"{store.folder} must hold a bundle to go back from. Received: none that was ever active")
    return _roll_out(store, store.previous(), args, config)


def _prune(store: Store, args: argparse.Namespace, config: Config) -> int:
    deleted = store.prune(args.keep)
    print(f"deleted {' '.join(deleted)}" if deleted else "unchanged: nothing to delete")
    return EXIT_OK


def _roll_out(store: Store, target: Path | None, args: argparse.Namespace, config: Config) -> int:
    if target is not None:
        check_trust(config, target)
    socket = _socket(args, config)
    control = socket if socket.exists() and not args.no_reload else None
    print(roll_out(store, target, control, model_flags(config), args.timeout))
    return EXIT_OK


def _socket(args: argparse.Namespace, config: Config) -> Path:
    """Of the running app: the one named, or configured, or the service's."""
    return args.socket or control_path(config) or DEFAULT_SOCKET


def _row(bundle: Held) -> str:
    marks = " ".join(mark for mark, holds in (("active", bundle.active), ("previous", bundle.previous)) if holds)
    return f"{bundle.id}  {bundle.name or 'damaged':10}  {marks or '-':15}  {bundle.fault}".rstrip()


def _readable(name: str, value: Any) -> str:
    if name == "uptime_s":
        return str(timedelta(seconds=round(value)))
    if name == "reload":
        return f"refused: {value['refused']}" if value["refused"] else f"{value['done']} done"
    if isinstance(value, list):
        return " ".join(value) or "none"
    return str(value) if value not in ("", None) else "none"


def _print_line(value: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()
