"""The subcommand `password`: a person's password in, or nothing, lines for the config out."""

import argparse
import getpass
import sys

from edge_app.config import LoadedConfig
from edge_app.errors import ConfigError
from edge_app.outputs.web.passwords import hash_password, hash_token, new_token

EXIT_OK = 0


def password(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Prints what to put under [web], and says what else is needed."""
    if args.token:
        token = new_token()
        print(f"the token, shown only now: {token}", file=sys.stderr)
        line = f'token = "{hash_token(token)}"'
    else:
        line = f'password = "{_hash_of(_asked())}"'
    print("put this into the config, under [web]:", file=sys.stderr)
    print(line)
    if loaded.config.web.host in ("127.0.0.1", "::1", "localhost"):
        print('and host = "0.0.0.0" beside it, for the page to be seen on the network', file=sys.stderr)
    return EXIT_OK


def _asked() -> str:
    """From the terminal, twice and unseen; else a line from standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password for the live page: ")
    if getpass.getpass("The same again: ") != first:
        raise ConfigError("the two passwords must be the same")
    return first


def _hash_of(text: str) -> str:
    try:
        return hash_password(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error
