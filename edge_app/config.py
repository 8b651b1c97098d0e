"""Config files, environment and flags in, one checked `Config` out, with where each value comes from.

`default.toml` in the package documents every key and holds every default; the classes below hold the
types and ranges, no defaults, so that the two cannot drift apart.
"""

import logging
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from edge_app.errors import ConfigError
from edge_app.files import write_whole

log = logging.getLogger(__name__)

SYSTEM_FILE = Path("/etc/edge-digits/config.toml")
ENV_PREFIX = "EDGE_DIGITS_"
ENV_FILE = "EDGE_DIGITS_CONFIG"  # names the config file itself, so it is no key

SETTINGS_NAME = "settings.toml"

Key: TypeAlias = tuple[str, str]
"""Section and name, e.g. ("camera", "width")."""

PAGE_KEYS: tuple[Key, ...] = (("detect", "roi"), ("detect", "orientation"), ("read", "confidence"))

SidePx: TypeAlias = Annotated[int, Meta(ge=16, le=16384)]
Frames: TypeAlias = Annotated[int, Meta(ge=1, le=10_000)]


class Camera(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[camera]"""

    source: Annotated[str, Meta(min_length=1)]
    fallback: str
    width: SidePx
    height: SidePx
    fps: Annotated[float, Meta(gt=0, le=1000)]
    loop: bool
    retry_max_s: Annotated[float, Meta(gt=0, le=3600)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[model]"""

    bundle: Annotated[str, Meta(min_length=1)]
    store: Annotated[str, Meta(min_length=1)]
    trust: Literal["any", "signed"]
    allowed_signers: Annotated[str, Meta(min_length=1)]
    runtime: Literal["auto", "litert", "tflite"]
    threads: Annotated[int, Meta(ge=1, le=64)]
    delegate: Annotated[str, Meta(min_length=1)]
    delegate_options: str


class Detect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[detect]"""

    polarity: Literal["auto", "dark", "light"]
    orientation: Literal["upright", "90", "180", "270", "auto"]
    roi: str
    working_side_px: Annotated[int, Meta(ge=0, le=16384)]
    min_height_px: Annotated[int, Meta(ge=4, le=1000)]
    max_regions: Annotated[int, Meta(ge=1, le=5000)]
    skip_still: bool


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[read]"""

    confidence: Annotated[float, Meta(ge=-1, le=1)]


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[publish]"""

    confirm_frames: Frames
    forget_frames: Frames


class Plausible(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[plausible]"""

    digits: Annotated[int, Meta(ge=0, le=64)]
    minimum: Annotated[float, Meta(ge=-1)]
    maximum: Annotated[float, Meta(ge=-1)]
    max_step_per_hour: Annotated[float, Meta(ge=-1)]
    never_decreasing: bool


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[output]"""

    window: Literal["auto", "on", "off"]
    json: bool
    video: str
    sheet: str
    picture: str
    log: str
    log_max_mb: Annotated[float, Meta(gt=0, le=10_000)]
    log_files: Annotated[int, Meta(ge=1, le=1000)]
    snapshots: Annotated[str, Meta(min_length=1)]


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[service]"""

    control: str
    max_fps: Annotated[float, Meta(ge=0, le=1000)]
    max_busy: Annotated[float, Meta(ge=0.01, le=1)]
    hot_celsius: Annotated[float, Meta(ge=0, le=200)]


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[web]"""

    enabled: Literal["auto", "on", "off"]
    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=0, le=65535)]
    auth: Literal["auto", "none"]
    password: str
    token: str
    names: str
    certificate: str
    key: str
    settings: Annotated[str, Meta(min_length=1)]


class Mqtt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[mqtt]"""

    broker: str
    port: Annotated[int, Meta(ge=0, le=65535)]
    topic: Annotated[str, Meta(min_length=1, pattern="^[^#+]*$")]
    qos: Annotated[int, Meta(ge=0, le=2)]
    username: str
    password_file: str
    tls: bool
    ca_file: str
    certificate: str
    key: str
    discovery: Annotated[str, Meta(pattern="^[^#+]*$")]
    queue: Annotated[str, Meta(min_length=1)]
    queue_length: Annotated[int, Meta(ge=1, le=1_000_000)]


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[webhook]"""

    url: Annotated[str, Meta(pattern="^$|^https?://")]
    secret_file: str
    timeout_s: Annotated[float, Meta(gt=0, le=300)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[limits]"""

    max_megapixels: Annotated[float, Meta(gt=0, le=1000)]


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[log]"""

    level: Literal["debug", "info", "warning", "error"]
    summary_s: Annotated[float, Meta(ge=0)]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key of default.toml, typed and in range."""

    camera: Camera
    model: Model
    detect: Detect
    read: Read
    publish: Publish
    plausible: Plausible
    output: Output
    service: Service
    web: Web
    mqtt: Mqtt
    webhook: Webhook
    limits: Limits
    log: Log


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values.

    Attributes:
        origin: what a person calls it, e.g. "/etc/edge-digits/config.toml".
        values: by section and name.
        textual: whether values are text still to be read as numbers and booleans.
    """

    origin: str
    values: Mapping[Key, Any]
    textual: bool = False


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The config with the origin of each value.

    Attributes:
        config: every value.
        origins: where each comes from.
        file, flags: what `load_config` was given, to read everything anew with.
    """

    config: Config
    origins: Mapping[Key, str]
    file: Path | None = None
    flags: Mapping[Key, Any] = field(default_factory=dict)


def load_config(
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[Key, Any] | None = None,
    system_file: Path = SYSTEM_FILE,
) -> LoadedConfig:
    """Reads all layers, later ones winning: defaults, file, environment, flags.

    Args:
        file: the config file; None for `EDGE_DIGITS_CONFIG`, else the system's, which may be missing.
        environ: where `EDGE_DIGITS_*` is looked up.
        flags: values from the command line; text is read as the key's type.
        system_file: the file used where none is named.

    Raises:
        ConfigError: a file cannot be read, a key is unknown, a value has the wrong type or range.
    """
    flags = flags or {}
    named = Path(environ[ENV_FILE]) if file is None and ENV_FILE in environ else file
    layers = [default_layer()]
    if named is not None or system_file.exists():
        layers.append(file_layer(named or system_file))
    stronger = [environment_layer(environ), Layer("command line", flags, textual=True)]
    loaded = merge([*layers, *stronger])
    saved = settings_file(loaded.config)
    if saved.exists():
        try:
            loaded = merge([*layers, _page_layer(saved), *stronger])
        except ConfigError as error:  # a page wrote it, and no page may keep the device from starting
            log.warning("what was saved on the live page is left out: %s", error)
    return replace(loaded, file=file, flags=flags)


def settings_file(config: Config) -> Path:
    """Where the live page saves what is set on it."""
    named = config.web.settings
    return Path(config.model.store) / SETTINGS_NAME if named == "auto" else Path(named)


def save_settings(file: Path, values: Mapping[Key, Any]) -> None:
    """Writes what was set on the page, whole or not at all.

    Args:
        file: see `settings_file`.
        values: for PAGE_KEYS.

    Raises:
        ConfigError: it cannot be written.
    """
    lines = ["# Saved on the live page; it overrides the config file. Delete it to undo that."]
    for section in sorted({section for section, _ in values}):
        lines.append(f"\n[{section}]")
        lines += [f"{name} = {toml_value(value)}" for (of, name), value in values.items() if of == section]
    try:
        write_whole(file, ("\n".join(lines) + "\n").encode(), durable=True)
    except OSError as error:
        raise ConfigError(f"{file} must be a file that can be written. Received: {error.strerror or error}") from error


def default_layer() -> Layer:
    """The packaged default.toml."""
    text = resources.files("edge_app").joinpath("default.toml").read_text(encoding="utf-8")
    return Layer("default", _flatten("default.toml", tomllib.loads(text)))


def file_layer(file: Path) -> Layer:
    """A TOML file with some of the keys of default.toml.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """
    try:
        text = file.read_text(encoding="utf-8")
        return Layer(str(file), _flatten(str(file), tomllib.loads(text)))
    except OSError as error:
        raise ConfigError(f"{file}: config must be a readable file. Received: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: config must be TOML. Received: {error}") from error


def _page_layer(file: Path) -> Layer:
    layer = file_layer(file)
    if unknown := sorted(set(layer.values) - set(PAGE_KEYS)):
        raise ConfigError(f"{file}: only what the page sets may stand there. Received: {'.'.join(unknown[0])}")
    return layer


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """The variables `EDGE_DIGITS_<SECTION>_<KEY>`."""
    values: dict[Key, str] = {}
    for name in sorted(environ):
        if name.startswith(ENV_PREFIX) and name != ENV_FILE:
            section, _, key = name.removeprefix(ENV_PREFIX).lower().partition("_")
            values[section, key] = environ[name]
    return Layer("environment", values, textual=True)


def flag_layer_values(assignments: Sequence[str]) -> dict[Key, str]:
    """The values of `--set section.key=value` flags.

    Raises:
        ConfigError: one is not of that form.

    >>> flag_layer_values(["camera.width=640"])
    {('camera', 'width'): '640'}
    """
    values: dict[Key, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        section, dot, key = name.strip().partition(".")
        if not equals or not dot:
            raise ConfigError(f"--set must be section.key=value. Received: {assignment!r}")
        values[section, key] = value.strip()
    return values


def merge(layers: Sequence[Layer]) -> LoadedConfig:
    """One config of several layers, later ones winning; the first must hold every key.

    Raises:
        ConfigError: a key is unknown, or a value has the wrong type or range.
    """
    types = _key_types()
    merged: dict[str, dict[str, Any]] = {section: {} for section, _ in types}
    origins: dict[Key, str] = {}
    for layer in layers:
        for (section, name), value in layer.values.items():
            if (section, name) not in types:
                raise ConfigError(_unknown_key(layer, section, name, types))
            merged[section][name] = _convert(layer, section, name, value, types[section, name])
            origins[section, name] = layer.origin
    return LoadedConfig(msgspec.convert(merged, Config), origins)


def values_of(config: Config) -> dict[Key, Any]:
    """Every value by section and name, in the order of default.toml."""
    return {
        (section, name): value
        for section, values in msgspec.to_builtins(config).items()
        for name, value in values.items()
    }


def toml_value(value: Any) -> str:
    """A value as TOML writes it, which for ours is as JSON does."""
    return msgspec.json.encode(value).decode()


def _key_types() -> dict[Key, Any]:
    return {
        (section, name): key_type
        for section, section_type in get_type_hints(Config).items()
        for name, key_type in get_type_hints(section_type, include_extras=True).items()
    }


def _flatten(origin: str, tables: Mapping[str, Any]) -> dict[Key, Any]:
    values: dict[Key, Any] = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{origin}: keys must stand in a [section]. Received: {section} = {table!r}")
        values.update({(section, name): value for name, value in table.items()})
    return values


def _convert(layer: Layer, section: str, name: str, value: Any, key_type: Any) -> Any:
    try:
        return msgspec.convert(value, key_type, strict=not layer.textual)
    except msgspec.ValidationError as error:
        choices = get_args(key_type) if get_origin(key_type) is Literal else ()
        expected = f"Expected one of {', '.join(choices)}" if choices else str(error).split(" - at ")[0]
        raise ConfigError(f"{layer.origin}: {section}.{name}: {expected}. Received: {value!r}") from error


def _unknown_key(layer: Layer, section: str, name: str, types: Mapping[Key, Any]) -> str:
    sections = sorted({known for known, _ in types})
    if section not in sections:
        return f"{layer.origin}: section must be one of {', '.join(sections)}. Received: {section}.{name}"
    names = sorted(key for known, key in types if known == section)
    return f"{layer.origin}: key of [{section}] must be one of {', '.join(names)}. Received: {section}.{name}"
