"""Virtual Pis: Debian containers with systemd as their first process and a real sshd, in a network of their own.

They stand in for a board's userland, not for its camera or its speed. A Pi's disk is an overlay over a root file
system that is built once and kept in the user's cache; pulling the plug kills its first process and all that it
started.
"""

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

REPOSITORY = Path(__file__).parents[2]
TOOLS = ("systemd-nspawn", "mmdebstrap", "rsync", "ssh", "ssh-keygen", "ip")
PACKAGES = ("systemd", "systemd-sysv", "dbus", "openssh-server", "python3", "python3-venv", "rsync", "sudo", "libgl1")
LIBRARIES = {"bookworm": ("libglib2.0-0", "libsm6"), "trixie": ("libglib2.0-0t64",)}  # the former shows a window
CAMERA_PACKAGES = (
    "python3-libcamera",
    "libcamera-ipa",
    "python3-prctl",
    "python3-pip",
    "python3-dev",
    "gcc",
    "libc6-dev",
)
PICAMERA2 = "0.3.38"
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
CGROUPS = Path("/sys/fs/cgroup/systemd")
BOOT_S, COMMAND_S = 60.0, 120.0


def missing() -> str:
    """Why this machine cannot boot virtual Pis; empty where it can."""
    if os.geteuid() != 0:
        return "virtual Pis need root"
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"virtual Pis need {', '.join(absent)}" if absent else ""


def root_tar(suite: str) -> Path:
    """A root file system of a Debian suite that boots, from the cache."""
    return cached_root(suite, (*PACKAGES, *LIBRARIES[suite]), "--variant=minbase")


def camera_root_tar() -> Path:
    """A trixie that boots and has picamera2, from the package registry since only the Pi's own archive has it."""
    authorities = "/etc/ssl/certs/ca-certificates.crt"
    hooks = [
        "copy-in /etc/resolv.conf /etc",
        f"upload {authorities} /tmp/ca.crt",
        'chroot "$1" env PIP_CERT=/tmp/ca.crt SSL_CERT_FILE=/tmp/ca.crt '
        f"python3 -m pip install -qq --break-system-packages picamera2=={PICAMERA2}",
    ]
    packages = (*PACKAGES, *LIBRARIES["trixie"], *CAMERA_PACKAGES)
    return cached_root("trixie", packages, "--variant=minbase", *(f"--customize-hook={hook}" for hook in hooks))


def cached_root(suite: str, packages: Sequence[str], *flags: str) -> Path:
    """A root file system with some packages, as a tar; built where the cache has none, or not as it was written.

    Args:
        suite: of Debian.
        packages: beside those of the variant.
        flags: of mmdebstrap.
    """
    name = f"{suite}-{hashlib.sha256(' '.join((*packages, *flags)).encode()).hexdigest()[:12]}"
    folder = Path(platformdirs.user_cache_dir("edge-digits")) / "virtual-pi"
    tar, record = folder / f"{name}.tar", folder / f"{name}.sha256"
    if not (tar.exists() and record.exists() and _sha256(tar) == record.read_text()):
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{name}.{os.getpid()}.tar"  # another run may build the same
        command = ["mmdebstrap", "--quiet", *flags, f"--include={','.join(packages)}", suite, str(new)]
        subprocess.run(command, check=True, timeout=900)
        record.write_text(_sha256(new))
        new.replace(tar)
    return tar


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Network:
    """A network namespace that all virtual Pis of a test share, with nothing in it but loopback.

    Attributes:
        name: of the namespace.
        key: the private key that every Pi lets in, as root and as pi.
        ssh_config: names each Pi, for ssh and for what uses it.
    """

    name: str
    key: Path
    ssh_config: Path

    @staticmethod
    def make(folder: Path) -> "Network":
        """Makes the namespace and a key."""
        network = Network(f"edge-digits-{os.getpid()}", folder / "key", folder / "ssh_config")
        subprocess.run(["ip", "netns", "add", network.name], check=True)
        network.run("ip", "link", "set", "lo", "up")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(network.key)], check=True)
        network.ssh_config.write_text("")
        return network

    def run(
        self, *command: str | Path, check: bool = True, timeout_s: float = COMMAND_S
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command of this machine in the network of the Pis."""
        environment = os.environ | {"SSH_OPTIONS": f"-F {self.ssh_config}"}
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *map(str, command)],
            capture_output=True, text=True, timeout=timeout_s, check=False, cwd=REPOSITORY, env=environment,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}"
        return done

    def close(self) -> None:
        """Takes the namespace away."""
        subprocess.run(["ip", "netns", "delete", self.name], check=False)


class VirtualPi:
    """One container.

    Args:
        name: for ssh.
        port: that its sshd listens on.
        base: the root file system, which stays as it is.
        folder: for what this Pi changes of it.
        network: that it is in.
    """

    def __init__(self, name: str, port: int, base: Path, folder: Path, network: Network) -> None:
        self.name, self._network, self._root = name, network, folder / "root"
        self._nspawn: subprocess.Popen[bytes] | None = None
        for part in ("upper", "work", "root"):
            (folder / part).mkdir(parents=True)
        options = f"lowerdir={base},upperdir={folder / 'upper'},workdir={folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(self._root)], check=True)
        self._let_in(port)
        with network.ssh_config.open("a") as config:
            config.write(
                f"Host {name}\n HostName 127.0.0.1\n Port {port}\n User pi\n IdentityFile {network.key}\n"
                " StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n"
            )

    def _let_in(self, port: int) -> None:
        """An sshd on a port of its own, a user pi who may use sudo, as on a Pi, and the key for both."""
        in_root = ["chroot", str(self._root)]
        subprocess.run([*in_root, "useradd", "-m", "-s", "/bin/bash", "pi"], check=True)
        (self._root / "etc/ssh/sshd_config.d/test.conf").write_text(f"Port {port}\nPermitRootLogin prohibit-password\n")
        (self._root / "etc/sudoers.d/pi").write_text("pi ALL=(ALL) NOPASSWD: ALL\n")
        (self._root / "etc/hostname").write_text(f"{self.name}\n")
        (self._root / "etc/hosts").write_text(f"127.0.0.1 localhost {self.name}\n")
        for home, owner in (("root", "root"), ("home/pi", "pi")):
            folder = self._root / home / ".ssh"
            folder.mkdir(mode=0o700, exist_ok=True)
            shutil.copyfile(self._network.key.with_suffix(".pub"), folder / "authorized_keys")
            subprocess.run([*in_root, "chown", "-R", f"{owner}:", f"/{home}/.ssh"], check=True)

    @property
    def root(self) -> Path:
        """Its root file system, as seen from this machine."""
        return self._root

    def boot(self) -> None:
        """Starts it and waits until its sshd answers."""
        spawn = [
            "systemd-nspawn", "--quiet", "--boot", f"--directory={self._root}", f"--machine={self.name}",
            "--register=no", "--keep-unit", f"--network-namespace-path=/run/netns/{self._network.name}",
            "--console=pipe",
        ]  # fmt: skip
        # It wants a control group that is not the topmost one.
        groups = CGROUPS / f"edge-digits-{self._network.name}"
        enter = f"mkdir -p {groups} && echo $$ >{groups}/cgroup.procs; " if CGROUPS.is_dir() else ""
        self._nspawn = subprocess.Popen(
            ["sh", "-c", f"{enter}exec {shlex.join(spawn)}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=os.environ | {"UNIFIED_CGROUP_HIERARCHY": "1"},
        )  # fmt: skip
        deadline_s = time.monotonic() + BOOT_S
        while self.ssh("true", user="root", check=False).returncode != 0:
            assert self._nspawn.poll() is None, f"{self.name} does not boot"
            assert time.monotonic() < deadline_s, f"{self.name} does not answer"
            time.sleep(0.1)

    def pull_the_plug(self) -> None:
        """Ends everything on it at once, in whatever state it is; the disk stays."""
        if self._nspawn is None:
            return
        for first in _children(self._nspawn.pid):
            os.kill(first, signal.SIGKILL)
        self._nspawn.wait(30)
        self._nspawn = None

    def ssh(
        self, command: str, user: str = "pi", check: bool = True, timeout_s: float = COMMAND_S
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command on it."""
        return self._network.run(
            "ssh", "-F", self._network.ssh_config, "-o", "ConnectTimeout=5", f"{user}@{self.name}", command,
            check=check, timeout_s=timeout_s,
        )  # fmt: skip

    def close(self) -> None:
        """Pulls the plug and lets go of the disk. Safe to call twice."""
        self.pull_the_plug()
        if self._root.is_mount():
            subprocess.run(["umount", str(self._root)], check=True)


def _children(pid: int) -> Sequence[int]:
    """Processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
