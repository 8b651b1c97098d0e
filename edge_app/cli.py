"""The command line: arguments in, an exit code out; results on stdout, messages on stderr."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edge_app import __version__
from edge_app.config import Key, LoadedConfig, flag_layer_values, load_config
from edge_app.errors import EdgeAppError

EXIT_OK = 0

EPILOG = """exit codes:
  0 done   1 a picture could not be read   2 wrong usage   3 config refused   4 camera file cannot be opened
  5 bundle refused   6 runtime or delegate refused   7 output cannot be opened   8 store of bundles cannot be changed
  9 no running app answers   10 a new bundle was not taken up, the old one is back   70 a bug of ours
"""

log = logging.getLogger("edge_app")

# Flags that are short for a key of the config: flag, key, metavar (None for a switch), help.
KEY_FLAGS: tuple[tuple[str, Key, str | None, str], ...] = (
    ("--camera", ("camera", "source"), "SOURCE", "auto, picamera2, /dev/video0, rtsp://…, FILE, FOLDER, clip, fake"),
    ("--camera-fallback", ("camera", "fallback"), "SOURCE", "what to play where auto finds no camera, e.g. clip"),
    ("--bundle", ("model", "bundle"), "BUNDLE", "auto, compact, accurate, or a bundle's folder"),
    ("--store", ("model", "store"), "FOLDER", "the device's store of bundles"),
    ("--runtime", ("model", "runtime"), "NAME", "auto, litert or tflite"),
    ("--threads", ("model", "threads"), "N", "CPU threads of the interpreter"),
    ("--delegate", ("model", "delegate"), "NAME", "none, auto, edgetpu or a delegate library's path"),
    ("--confidence", ("read", "confidence"), "P", "least confidence of a digit that is shown, 0 to 1"),
    ("--polarity", ("detect", "polarity"), "NAME", "ink is dark, light, or auto"),
    (
        "--orientation",
        ("detect", "orientation"),
        "TURN",
        "how the page lies: upright, 90, 180, 270, auto",
    ),
)
RUN_FLAGS: tuple[tuple[str, Key, str | None, str], ...] = (
    ("--window", ("output", "window"), "WHEN", "auto, on or off; the window names its keys"),
    ("--web", ("web", "enabled"), "WHEN", "the live page: auto (in the service), on or off"),
    ("--video", ("output", "video"), "FILE", "write the annotated video (.mp4, .avi, .webm)"),
    ("--sheet", ("output", "sheet"), "FILE", "write a contact sheet of what was published (.png)"),
    ("--picture", ("output", "picture"), "FILE", "keep a picture of the newest published moment (.png, .jpg)"),
    ("--log", ("output", "log"), "FILE", "append what is published to a log (.jsonl, .csv)"),
)


COMMAND_MODULES = {
    "run": "run",
    "read": "commands",
    "check": "commands",
    "config": "commands",
    "bench": "bench",
    "models": "models",
    "status": "models",
    "password": "passwords",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: arguments without the program's name; None for those of the process.

    Returns:
        One of the exit codes that --help lists.
    """
    # OpenCV reads it when it is imported; its own warnings tell a user nothing that our errors do not.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    argv = sys.argv[1:] if argv is None else argv
    parser = get_parser(argv[0] if argv else "")
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(f"unknown: {' '.join(unknown)}; `edge-app {argv[0]} --help` lists what there is")
    try:
        loaded = load_config(args.config, flags=_flag_values(args))
        _set_up_logging(loaded.config.log.level, args.debug)
        code = _command(args.command)(args, loaded)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our results has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at exit
        return EXIT_OK
    except EdgeAppError as error:
        if args.debug:
            raise
        print(f"edge-app: error: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:
        if args.debug:
            raise
        message = f"{type(error).__name__}: {error}; please report it with what --debug prints"
        print(f"edge-app: internal error: {message}", file=sys.stderr)
        return EdgeAppError.exit_code


def _command(name: str) -> Callable[[argparse.Namespace, LoadedConfig], int]:
    """The function of a subcommand; what it needs is imported only now, so that each starts quickly."""
    function: Callable[[argparse.Namespace, LoadedConfig], int] = getattr(
        importlib.import_module(f"edge_app.{COMMAND_MODULES[name]}"), name
    )
    return function


def get_parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all subcommands.

    Args:
        command: the only one whose arguments are needed, which takes less time; any other word: those of all.
    """
    parser = argparse.ArgumentParser(
        prog="edge-app",
        description="Reads handwritten digits from a camera or from pictures.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    adders = {
        "run": _add_run,
        "read": _add_read,
        "check": _add_check,
        "bench": _add_bench,
        "config": _add_config,
        "password": _add_password,
        "status": _add_status,
        "models": _add_models,
    }
    for add in [adders[command]] if command in adders else adders.values():
        add(commands)
    return parser


def _add_run(commands: Any) -> None:
    run = _add_command(commands, "run", "read from a camera until it ends, q, Ctrl-C or SIGTERM")
    _add_key_flags(run, RUN_FLAGS)
    run.add_argument("--json", action="store_true", help="print each published change as one line of JSON")
    run.add_argument("--loop", action="store_true", help="begin a file again at its end")
    run.add_argument("--no-web", action="store_true", help="no live page, whatever the config says")
    run.add_argument("--fast", action="store_true", help="play a file as fast as it goes, not at its own pace")


def _add_read(commands: Any) -> None:
    read = _add_command(commands, "read", "read pictures, each once")
    read.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a picture, or a folder of pictures")
    read.add_argument("--json", action="store_true", help="print one line of JSON for each picture")
    read.add_argument("--overlay", type=Path, metavar="FOLDER", help="write each picture with what was read drawn in")


def _add_check(commands: Any) -> None:
    check = _add_command(commands, "check", "verify a bundle: hashes, shapes, labels, golden outputs")
    check.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="default: the configured bundle")
    check.add_argument("--json", action="store_true", help="print the findings as one line of JSON")
    check.add_argument(
        "--in-process", action="store_true", help="load the model in this process, which a damaged one can crash"
    )


def _add_bench(commands: Any) -> None:
    bench = _add_command(commands, "bench", "time each stage on the sample clip, or on --camera FILE")
    bench.add_argument("--json", action="store_true", help="print the figures as one line of JSON")
    bench.add_argument("--crowds", action="store_true", help="time frames with 25 to 5,000 marks on them, too")
    bench.add_argument(
        "--all", action="store_true", help="this board, pages beside their floor, latency, start, to be told to others"
    )
    bench.add_argument("--frames", type=int, default=300, metavar="N", help="frames to time (default: 300)")


def _add_config(commands: Any) -> None:
    config = _add_command(commands, "config", "print each value and where it comes from")
    config.add_argument("--json", action="store_true", help="print them as one line of JSON")


def _add_password(commands: Any) -> None:
    password = _add_command(commands, "password", "make the hash of a password or token for the live page's config")
    password.add_argument("--token", action="store_true", help="make a token for programs, and its hash")


def _add_status(commands: Any) -> None:
    status = _add_command(commands, "status", "ask the running app how it is")
    status.add_argument("--json", action="store_true", help="print it as one line of JSON")
    _add_socket_flag(status)


def _add_models(commands: Any) -> None:
    """The subcommand `models` with its own."""
    models = commands.add_parser("models", help="the device's bundles: list, install, activate, roll back, prune")
    actions = models.add_subparsers(required=True, metavar="ACTION", dest="action")
    listing = _add_command(actions, "list", "list the bundles, the newest first")
    listing.add_argument("--json", action="store_true", help="print them as one line of JSON")
    install = _add_command(actions, "install", "verify a bundle and copy it into the store")
    install.add_argument("folder", type=Path, metavar="FOLDER", help="the bundle")
    install.add_argument("--activate", action="store_true", help="and read with it from now on")
    install.add_argument("--keep", type=int, metavar="N", help="then delete old bundles, as prune does")
    activate = _add_command(actions, "activate", "read with another bundle; if the running app does not, switch back")
    activate.add_argument("id", metavar="ID", help="of the bundle, or how it begins")
    rollback = _add_command(actions, "rollback", "read with the bundle again that was active before")
    for command in (install, activate, rollback):
        command.add_argument("--no-reload", action="store_true", help="do not tell the running app")
        command.add_argument(
            "--timeout", type=float, default=60.0, metavar="SECONDS", help="how long to wait for it (default: 60)"
        )
        _add_socket_flag(command)
    prune = _add_command(actions, "prune", "delete old bundles; the active and the previous one always stay")
    prune.add_argument("--keep", type=int, default=5, metavar="N", help="newest ones that stay, too (default: 5)")
    for command in (listing, install, activate, rollback, prune):
        command.set_defaults(command="models")


def _add_socket_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--socket", type=Path, metavar="SOCKET", help="of the running app; default: the service's")


def _add_command(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=name)
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="config file; default: /etc/edge-digits/config.toml"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="set any key of the config"
    )
    parser.add_argument("--debug", action="store_true", help="log everything, and show tracebacks")
    _add_key_flags(parser, KEY_FLAGS)
    return parser


def _add_key_flags(parser: argparse.ArgumentParser, flags: Sequence[tuple[str, Key, str | None, str]]) -> None:
    for flag, (section, name), metavar, summary in flags:
        parser.add_argument(flag, dest=f"{section}.{name}", metavar=metavar, help=summary)


def _flag_values(args: argparse.Namespace) -> dict[Key, str]:
    values = flag_layer_values(args.set)
    for _, (section, name), _, _ in (*KEY_FLAGS, *RUN_FLAGS):
        value = getattr(args, f"{section}.{name}", None)
        if value is not None:
            values[section, name] = value
    if args.command == "run" and args.json:
        values["output", "json"] = "true"
    if args.command == "run" and args.loop:
        values["camera", "loop"] = "true"
    if args.command == "run" and args.no_web:
        values["web", "enabled"] = "off"
    return values


def _set_up_logging(level: str, debug: bool) -> None:
    under_journald = "JOURNAL_STREAM" in os.environ  # journald stamps each line itself
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if debug else level.upper(),
        format="%(levelname)s %(message)s" if under_journald else "%(asctime)s %(levelname)s %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
