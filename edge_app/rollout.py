"""A bundle in the store in, the running app reading with it out; or with the old one again, and the reason.

The bundle is tried in a process of its own before anything is switched. The running app then loads it beside the one
in use. Only its own word that it has read a frame with the new one ends a rollout well.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from edge_app.bundle import embedded_bundle_path, verify_in_child
from edge_app.control import ask
from edge_app.errors import RolloutError, ServiceError
from edge_app.store import Store

log = logging.getLogger(__name__)

CONFIRM_S = 60.0  # a Pi Zero takes some ten seconds to load a model and read a frame
POLL_S = 0.05


def roll_out(
    store: Store,
    target: Path | None,
    control: Path | None,
    interpreter_flags: Sequence[str] = (),
    timeout_s: float = CONFIRM_S,
) -> str:
    """Activates a bundle and waits until the running app has read a frame with it; else switches back.

    Args:
        store: holds the bundle; to be locked by the caller.
        target: the bundle in the store; None for the one that the app ships with.
        control: socket of the running app; None where none runs, and the bundle is only activated.
        interpreter_flags: command-line flags that choose runtime, threads and delegate.
        timeout_s: how long to wait for the running app.

    Returns:
        What was done, for a person.

    Raises:
        StoreError, BundleError, InterpreterError: the bundle is refused; nothing was switched.
        RolloutError: the running app did not take to it; what was active before is so again.
    """
    meant = embedded_bundle_path() if target is None else target
    verify_in_child(meant, interpreter_flags)
    before, previous = store.active(), store.previous()
    if before == target and (control is None or _reads_with(control, meant.name)):
        return f"{meant.name} unchanged: it is active"
    if target is None:
        store.deactivate()
    else:
        store.activate(target.name)
    if control is None:
        return f"{meant.name} is active; no running app was told"
    try:
        _confirm(control, meant.name, timeout_s)
    except (ServiceError, RolloutError) as error:
        store.restore(before, previous)
        _reload(control)
        back = (embedded_bundle_path() if before is None else before).name
        raise RolloutError(f"{meant.name} was not taken up: {error}; {back} is active again") from error
    return f"{meant.name} is active, and the running app reads with it"


def _reload(control: Path) -> None:
    """An app that was slow may take up the new bundle after all; the next reload takes it back."""
    try:
        ask(control, "reload")
    except ServiceError as error:
        log.warning("%s; when it is up again it reads with the bundle that is active", error)


def _reads_with(control: Path, bundle_id: str) -> bool:
    try:
        return bool(ask(control).get("model") == bundle_id)
    except ServiceError:
        return False


def _confirm(control: Path, bundle_id: str, timeout_s: float) -> None:
    """Asks for a reload and waits for a frame that was read with the bundle, or for a camera that is not there.

    Raises:
        ServiceError: the app stopped answering.
        RolloutError: it refused the bundle, or took too long.
    """
    due_s = time.monotonic() + timeout_s
    done = ask(control).get("reload", {}).get("done", 0)
    ask(control, "reload")
    while time.monotonic() < due_s:
        status = ask(control)
        reload = status.get("reload", {})
        if reload.get("done", 0) > done and reload["refused"]:
            raise RolloutError(f"the running app refused it: {reload['refused']}")
        if status.get("model") == bundle_id and (status["model_frames"] > 0 or status["phase"] != "reading"):
            return
        time.sleep(POLL_S)
    raise RolloutError(f"the running app did not read a frame with it within {timeout_s:.0f} s")
