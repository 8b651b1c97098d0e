"""A checked config in, the model that it asks for out: its bundle trusted, whole and tried on its golden crops."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from edge_app.bundle import (
    EMBEDDED_BUNDLES,
    Bundle,
    GoldenReplay,
    check_interpreter,
    check_preprocessing,
    embedded_bundle_path,
    load_bundle,
    read_golden,
    replay_golden,
    verify_in_child,
)
from edge_app.config import Config
from edge_app.devices.interpreters import open_interpreter
from edge_app.errors import BundleError, ConfigError
from edge_app.protocols import Interpreter
from edge_app.stages.crop import PREPROCESSING
from edge_app.stages.quantize import quantize, quantize_table
from edge_app.store import Store
from edge_app.trust import check_signature

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A verified bundle with its loaded model.

    Attributes:
        bundle: its files.
        interpreter: the loaded model.
        problem: why it is not the bundle that was asked for; empty where it is.
    """

    bundle: Bundle
    interpreter: Interpreter
    problem: str = ""


def bundle_paths(config: Config) -> list[Path]:
    """Folders of the configured bundle and of those to read with where it is refused; the first is the one meant.

    Only "auto" has others: a device that was given a bad bundle goes on with the one before.
    """
    name = config.model.bundle
    if name in EMBEDDED_BUNDLES:
        return [embedded_bundle_path(name)]
    if name != "auto":
        return [Path(name)]
    return [*Store(Path(config.model.store)).candidates(), embedded_bundle_path()]


def model_flags(config: Config) -> list[str]:
    """The command-line flags that make another process load models as this one does."""
    names = ("runtime", "threads", "delegate", "delegate_options")
    return [f"--set=model.{name}={getattr(config.model, name)}" for name in names]


def open_model(config: Config, verify: bool = True) -> Model:
    """Loads the configured bundle, or the next best where "auto" is configured and the active one is refused.

    Args:
        config: says which bundle, runtime and delegate.
        verify: see `load_model`.

    Raises:
        BundleError: the bundle is refused, and so is each in its place.
        InterpreterError: the runtime or delegate is not to be had.
    """
    *others, last = bundle_paths(config)
    problems: list[str] = []
    for path in others:
        try:
            return replace(load_model(config, path, verify), problem="; ".join(problems))
        except BundleError as error:
            log.error("bundle refused: %s; trying the one before", error)
            problems.append(f"bundle {path.name} refused: {error}")
    return replace(load_model(config, last, verify), problem="; ".join(problems))


def load_model(config: Config, path: Path, verify: bool = True) -> Model:
    """Loads a bundle, first in a child process, because a damaged model can crash the loader.

    A bundle that ships with the app goes without the child: its hashes are checked as any other's, its golden crops are
    replayed in this process, and there is none that could be read with in its place.

    Args:
        config: says which runtime and delegate.
        path: of the bundle.
        verify: whether the golden crops are replayed first; only the child itself leaves it out.

    Raises:
        BundleError: the bundle is refused.
        InterpreterError: the runtime or delegate is not to be had.
    """
    bundle = load_bundle(path)
    check_preprocessing(bundle, PREPROCESSING)
    check_trust(config, path)
    model, ships = config.model, ships_with_app(path)
    if verify and not ships:
        verify_in_child(path, model_flags(config))
    interpreter = open_interpreter(
        bundle.model_path,
        runtime=model.runtime,
        threads=model.threads,
        delegate=model.delegate,
        delegate_options=delegate_options(model.delegate_options),
    )
    check_interpreter(bundle, interpreter)
    loaded = Model(bundle, interpreter)
    if verify and ships:
        self_test(loaded)
    return loaded


def ships_with_app(path: Path) -> bool:
    """Whether a bundle is one of those that came with the app."""
    return path.parent.resolve() == embedded_bundle_path().parent.resolve()


def check_trust(config: Config, path: Path) -> None:
    """Refuses a bundle that the config does not trust.

    Raises:
        BundleError: it must be signed, and is not, or by somebody else.
    """
    if config.model.trust == "signed" and not ships_with_app(path):
        signer = check_signature(path, Path(config.model.allowed_signers))
        log.info("bundle %s is signed by %s", path.name, signer)


def delegate_options(text: str) -> dict[str, str]:
    """The options of a delegate.

    Raises:
        ConfigError: the text is not "key=value, key=value".

    >>> delegate_options("device=usb:0, verbosity=2")
    {'device': 'usb:0', 'verbosity': '2'}
    """
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    if any(not key or not equals for key, equals, _ in pairs):
        raise ConfigError(f"model.delegate_options must be key=value, key=value. Received: {text!r}")
    return {key.strip(): value.strip() for key, _, value in pairs}


def self_test(model: Model) -> GoldenReplay:
    """Replays the bundle's golden crops in this process.

    Raises:
        BundleError: an answer differs.
    """
    golden = read_golden(model.bundle)
    tensor = quantize(golden.crops, quantize_table(model.interpreter.input))
    return replay_golden(model.bundle, model.interpreter, tensor, golden)
