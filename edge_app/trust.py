"""A bundle in, whose it is out: the manifest's signature against the signers that a device's owner allows.

The signature is OpenSSH's (`ssh-keygen -Y sign -n edge-digits`), in `manifest.json.sig` beside the manifest. The
manifest holds the hashes of all other files, so that it vouches for them, too.
"""

import shutil
import subprocess
from pathlib import Path

from edge_app.errors import BundleError
from edge_app.manifest import MANIFEST_FILE

SIGNATURE_FILE = f"{MANIFEST_FILE}.sig"
NAMESPACE = "edge-digits"  # a signature for another purpose does not count
TIMEOUT_S = 10.0


def check_signature(bundle: Path, allowed_signers: Path) -> str:
    """Refuses a bundle that nobody allowed has signed.

    Args:
        bundle: its folder; the files have been checked against the manifest.
        allowed_signers: file of `ssh-keygen`'s form, a line a signer: a name and a public key.

    Returns:
        The signer's name.

    Raises:
        BundleError: there is no signature, it is none of these signers', or not of this manifest.
    """
    signature, manifest = bundle / SIGNATURE_FILE, bundle / MANIFEST_FILE
    if not signature.is_file():
        raise BundleError(f'{bundle} must be signed: model.trust is "signed". Received: no {SIGNATURE_FILE}')
    if shutil.which("ssh-keygen") is None:
        raise BundleError(f"{bundle}: ssh-keygen is needed to check its signature: sudo apt install openssh-client")
    files = ["-f", str(allowed_signers), "-s", str(signature)]
    found = _ssh_keygen(["-Y", "find-principals", *files], b"")
    signer = found.stdout.decode("utf-8", "replace").split("\n")[0].strip()
    if found.returncode != 0 or not signer:
        raise BundleError(f"{bundle} must be signed by one of {allowed_signers}. Received: {_reason(found)}")
    verified = _ssh_keygen(["-Y", "verify", "-n", NAMESPACE, "-I", signer, *files], manifest.read_bytes())
    if verified.returncode != 0:
        raise BundleError(f"{manifest} must be what {signer} has signed. Received: {_reason(verified)}")
    return signer


def _ssh_keygen(arguments: list[str], text: bytes) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["ssh-keygen", *arguments], input=text, capture_output=True, timeout=TIMEOUT_S, check=False)


def _reason(done: "subprocess.CompletedProcess[bytes]") -> str:
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else "a signature of somebody else's"
