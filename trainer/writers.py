"""Nothing in, the hands of people from many countries out: fonts that were made from somebody's handwriting.

MNIST has digits alone, and of one country. What letters look like when a hand writes them, and how digits do elsewhere,
is learnt from fonts: each is one person's hand. They come from npm's @fontsource packages, under the SIL Open Font
License or Apache's, are checked against their sha256 sums, and kept in the user's cache.
"""

import hashlib
import logging
import subprocess
from functools import lru_cache
from pathlib import Path

import platformdirs

from trainer.errors import DataError
from trainer.npm import keep, pack

log = logging.getLogger(__name__)

VERSION = "5.3.0"  # of all the packages

WRITERS = {
    "annie-use-your-telescope": "555a3ba045673dfa29aa1b2ed52f17772212380d2da9a79dc813ef51e26b0147",
    "bad-script": "07202e03862cf10af6c0a9f5cfce39ef10e1923b64b965c3185b5ddef61b91f1",
    "caveat-brush": "2c57f92c541e3d7c8050ca99d8ce3f6ee2f64cbdfe72f304f6d7683f0db388ba",
    "cedarville-cursive": "8d8360a98492b42d02c17e94c38bcd2a3cce6db6b9b430f3a110e71f81d7149c",
    "covered-by-your-grace": "876d8371eedf1f9add237910aea034ca42cd5bdc8f7d722c7a04819ab3f711b8",
    "delius": "eabc55870044215231d9f905b1b898926bcf588dc78e53523ea6590281b606f1",
    "handlee": "9a8af5254df769bbdc196fd998231daec67c81dc3d6fd6f294ed80c2c4343551",
    "homemade-apple": "998f34b48e0bcb8974dc6e8d94961a87689ca40e3258554d2f6fc3778b1968a3",
    "indie-flower": "2cf7154e899ad16246196238d6d13f0135c5feba2d8ccde5d97a22664d012660",
    "kalam": "70ab8c1d2c10a28f213c6f1c359888624d5e650ffcd64f93a8194c3e14403746",
    "licorice": "71980143949c400f96354029d3c98b743018b69045b13bdbd6089150d692275f",
    "mansalva": "956720ae5632b40a4f79e92b27b936e174a038aa41b8638d30965c61ab465aff",
    "marck-script": "c26db9210c0b2823550e11baaeb2b6d234e5e5a14e8e6497029f29844859610d",
    "neucha": "b0c09e2ecd7d760fb997f926f2d15e53c57561802fb071a317832942536ca82a",
    "patrick-hand": "0f7031f6665437e04d6f354c5f64d6ae6777b498afbe804638c45b957a7ce8aa",
    "permanent-marker": "ab8ac2bb72d48e089e37d8eefbacdfe2d74ccd48ae786d952fce9874837d2b2b",
    "reenie-beanie": "1b86681155e125625f01839b2e6688dde2b2a7766a8eb49645b3a8707c2bee9f",
    "rock-salt": "358d065405a805204d48cc51cc48a8447f8d86369aa05d44c70e0111d7ee7e29",
    "schoolbell": "a448b8f4209a8ca16adc48753170f40a57e17f70675963e092501ed48842e4c8",
    "shadows-into-light": "93cff8110a18bb3e1fb0179c95f706ed1e8037e2e527c4cb425b46deaddbd975",
    "short-stack": "db596e8545afc95f708ad2d5ac878771998f7378da84c56759527fbdb02f5836",
    "sriracha": "5d58be0698ba9a1b621ca2fa6d44e0b08b50fed7d913c956a4c0a9fd9fbfaa40",
    "sue-ellen-francisco": "e2c988155c07d4a26b81216397fa1841af0916c9737a61e05ea38bd1bd5361b1",
    "swanky-and-moo-moo": "f4f292b60677133249ab543ca178fa6786d3dd9681899ef7ccde255bf956aced",
    "the-girl-next-door": "301aabf8a983d1231988eea6e125338a3933bd69de8b14137df80840c8d8c5e8",
}
"""Whom models learn from: name, and sha256 of the font."""

HELD_OUT_WRITERS = {
    "architects-daughter": "0249dd5f81431dbf8a8406996c43f8018bf707221cf261d75145f083bb7091cf",
    "caveat": "38b98dbeb922a14a74dfb41f83fc24e0e645e2eed9ce72145fefbdae8828cbfb",
    "gloria-hallelujah": "31e7def8cf155d4dcc98216517ad509923a8a197bc9c8937668d04767c52040e",
    "gochi-hand": "82a4149218f2edccef96d2b0ed5bf92adc6ea290222bac4dcfa3de91afb6b3a3",
    "itim": "b226c76f3c05960cc30eaeca322d31cc5ecbeb4c693996d5d0964f892de12b46",
    "vibur": "f13c8b62aa8abf958356887bc6e44d9af48037c38f96b238e66ec1b537b0dd4e",
}
"""Whom no model ever sees: pages to measure on are written by them."""


def learnt_hands() -> tuple[str, ...]:
    """Font files of `WRITERS`, fetched where they are not there yet.

    Raises:
        DataError: they cannot be fetched, or are not the ones expected.
    """
    return _files(tuple(WRITERS))


def unknown_hands() -> tuple[str, ...]:
    """Font files of `HELD_OUT_WRITERS`, likewise."""
    return _files(tuple(HELD_OUT_WRITERS))


def cache_folder() -> Path:
    """Where checked fonts are kept; follows XDG_CACHE_HOME."""
    return platformdirs.user_cache_path("edge-digits") / "hands"


@lru_cache(maxsize=2)
def _files(names: tuple[str, ...]) -> tuple[str, ...]:
    folder = cache_folder()
    if not all(_is_sound(folder / _file(name), name) for name in names):
        _fetch(folder)
    return tuple(str(folder / _file(name)) for name in names)


def _fetch(folder: Path) -> None:
    """All of them at once, since one start of npm takes longer than what it fetches."""
    everyone = WRITERS | HELD_OUT_WRITERS
    packages = [f"@fontsource/{name}@{VERSION}" for name in everyone]
    members = {_file(name): f"package/files/{_file(name)}" for name in everyone}
    try:
        fonts = pack(packages, members, f"{len(everyone)} hands")
    except (DataError, OSError, subprocess.SubprocessError) as error:
        raise DataError(f"fonts made from handwriting must come from npm. Received: {error}") from error
    for name, sha256 in everyone.items():
        digest = hashlib.sha256(fonts[_file(name)]).hexdigest()
        if digest != sha256:
            raise DataError(f"{_file(name)} must have sha256 {sha256}. Received: {digest}; it is not used")
    keep(fonts, folder)
    log.info("hands: fetched from npm, kept in %s", folder)


def _file(name: str) -> str:
    return f"{name}-latin-400-normal.woff"


def _is_sound(file: Path, name: str) -> bool:
    expected = (WRITERS | HELD_OUT_WRITERS)[name]
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == expected
