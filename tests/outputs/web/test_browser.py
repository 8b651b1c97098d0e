"""A real Chromium on the page of a real `edge-app run`: what a person sees, drags, slides, saves, and waits out."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from edge_app.bundle import embedded_bundle_path
from edge_app.outputs.web.passwords import hash_password
from tests.waiting import PATIENCE_S, wait_until

REPOSITORY = Path(__file__).parents[3]
DRIVER = shutil.which("chromedriver")
DESKTOP_WH, PHONE_WH = (1400, 1000), (390, 844)
AXE_VERSION = "4.10.3"
AXE_SHA256 = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"

pytestmark = pytest.mark.skipif(DRIVER is None, reason="needs Chromium's driver (apt install chromium-driver)")


class App:
    """`edge-app run` with its page, on a port that stays the same when it is started again."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.folder = folder
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        flags = ["--web", "on", "--window", "off", "--store", str(self.folder), "--set", f"web.port={self.port}"]
        command = [sys.executable, "-m", "edge_app", "run", *flags, "--set", f"output.snapshots={self.folder}"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("EDGE_DIGITS_")}
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [*command, *self._arguments], cwd=REPOSITORY, env=environ, stdout=log, stderr=log
        )
        log.close()
        wait_until(self._answers, lambda: (self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class Browser:
    """A tab."""

    def __init__(self, size_wh: tuple[int, int] = DESKTOP_WH) -> None:
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Driver(DRIVER))
        self.resize(size_wh)

    def resize(self, size_wh: tuple[int, int], scheme: str = "light") -> None:
        metrics = {"width": size_wh[0], "height": size_wh[1], "deviceScaleFactor": 1, "mobile": size_wh == PHONE_WH}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)

    def open(self, url: str) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(url)

    def find(self, name: str) -> Any:
        return self.driver.find_element(By.ID, name)

    def shows(self, name: str) -> bool:
        """Whether an element is there to be seen, on whatever page has been loaded by now."""
        script = "return document.getElementById(arguments[0])?.checkVisibility() ?? false"
        return bool(self.driver.execute_script(script, name))

    def text(self, name: str) -> str:
        shown: str = self.driver.execute_script("return document.getElementById(arguments[0]).textContent", name)
        return shown

    def numbers(self) -> list[str]:
        script = "return [...document.querySelectorAll('#numbers p:not(.none)')].map((p) => p.firstChild.textContent)"
        shown: list[str] = self.driver.execute_script(script)
        return shown

    def fetched(self, path: str) -> Any:
        """JSON of the server, as the page gets it."""
        script = "const done = arguments[1]; fetch(arguments[0]).then((a) => a.json()).then(done)"
        return self.driver.execute_async_script(script, path)

    def console_errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def hosts(self) -> set[str]:
        """Whom the page asked for anything."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme not in ("blob", "data")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.driver.quit()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """It plays the sample clip again and again."""
    app = App(tmp_path_factory.mktemp("store"), "--camera", "clip", "--loop")
    app.start()
    yield app
    app.stop()


@pytest.fixture
def page(app: App, browser: Browser) -> Browser:
    """The page of the clip on a desktop, with a picture and numbers."""
    browser.resize(DESKTOP_WH)
    browser.open(app.url)
    wait_until(browser.numbers)
    wait_until(lambda: browser.driver.execute_script("return document.getElementById('picture').naturalWidth") == 640)
    return browser


def test_readings_of_the_clip_are_seen_to_change_with_boxes_on_the_picture(page: Browser, app: App) -> None:
    seen: set[str] = set()

    def three_pages() -> bool:
        seen.update(page.numbers())
        return len(seen) >= 12

    wait_until(three_pages, lambda: seen)
    wait_until(lambda: page.driver.execute_script("return document.querySelectorAll('#overlay .sure').length"))
    wait_until(lambda: page.driver.execute_script("return document.querySelectorAll('#history img').length") >= 5)

    assert {"549809", "350"} <= seen
    assert page.driver.title.endswith("Edge Digits")
    assert page.text("phase") == "reading"
    manifest = json.loads((embedded_bundle_path() / "manifest.json").read_text())
    assert f"compact, {manifest['metrics']['int8_ten_classes']:.2%} of the MNIST test digits" in page.text("facts")
    assert page.console_errors() == []
    assert page.hosts() == {f"127.0.0.1:{app.port}"}


def test_boxes_can_be_switched_off_and_layers_looked_at(page: Browser) -> None:
    count = "return document.querySelectorAll('#overlay rect').length"
    natural = "const p = document.getElementById('picture'); return [p.naturalWidth, p.naturalHeight]"
    wait_until(lambda: page.driver.execute_script(count))

    page.find("show-overlay").click()
    wait_until(lambda: page.driver.execute_script(count) == 0)
    page.driver.find_element(By.CSS_SELECTOR, "input[value=crops]").click()
    crops = wait_until(lambda: (size := page.driver.execute_script(natural))[0] == 16 * 28 and size)
    page.driver.find_element(By.CSS_SELECTOR, "input[value=mask]").click()
    mask = wait_until(lambda: (size := page.driver.execute_script(natural))[0] == 640 and size)

    assert (crops[1] % 28, mask) == (0, [640, 480])
    assert page.console_errors() == []


def test_a_region_is_dragged_and_given_up_again(page: Browser) -> None:
    stage = page.find("stage")
    width, height = stage.size["width"], stage.size["height"]

    page.find("draw").click()
    drag = ActionChains(page.driver).move_to_element_with_offset(stage, -round(width * 0.25), -round(height * 0.25))
    drag.click_and_hold().move_by_offset(round(width * 0.5), round(height * 0.25)).release().perform()

    roi = wait_until(lambda: page.fetched("/api/settings")["tuning"]["roi"])
    assert roi == pytest.approx([0.25, 0.25, 0.5, 0.25], abs=0.01)
    assert page.find("draw").get_attribute("aria-pressed") == "false"
    assert page.text("saved") == "not saved yet"
    assert page.driver.execute_script("return document.querySelectorAll('#overlay .roi').length") == 1
    page.find("all").click()
    wait_until(lambda: page.fetched("/api/settings")["tuning"]["roi"] is None)


def test_the_slider_acts_at_once_and_is_saved_after_a_question(page: Browser, app: App) -> None:
    before = page.fetched("/api/settings")["configured"]["confidence"]

    slider = page.find("confidence")
    slider.send_keys(Keys.END)
    wait_until(lambda: page.fetched("/api/settings")["tuning"]["confidence"] == 1)
    wait_until(lambda: page.numbers() == [])  # nobody is ever as sure as that
    for _ in range(5):
        slider.send_keys(Keys.ARROW_LEFT)
    wait_until(lambda: page.fetched("/api/settings")["tuning"]["confidence"] == 0.95)
    page.find("save").click()
    wait_until(lambda: page.shows("confirm"))
    asked = page.text("changes")
    page.find("confirm").find_element(By.CSS_SELECTOR, "button[value=save]").click()
    wait_until(lambda: page.fetched("/api/settings")["configured"]["confidence"] == 0.95)

    assert f"{before} → 0.95" in asked
    assert "confidence = 0.95" in (app.folder / "settings.toml").read_text()
    wait_until(lambda: page.find("save").get_property("disabled"))
    (app.folder / "settings.toml").unlink()
    page.find("confidence").send_keys(Keys.HOME)
    wait_until(page.numbers)
    page.find("revert").click()
    wait_until(lambda: page.fetched("/api/settings")["tuning"]["confidence"] == 0.95)
    assert page.console_errors() == []


def test_all_of_it_goes_by_keyboard(page: Browser, app: App) -> None:
    def press(name: str) -> None:
        for _ in range(60):
            ActionChains(page.driver).send_keys(Keys.TAB).perform()
            if page.driver.execute_script("return document.activeElement.id") == name:
                ActionChains(page.driver).send_keys(Keys.SPACE).perform()
                return
        raise AssertionError(f"no key leads to {name}")

    press("hold")
    wait_until(lambda: page.fetched("/api/status")["publishing"] is False)
    wait_until(lambda: page.text("phase") == "publishing is paused")
    page.find("hold").send_keys(Keys.SPACE)
    wait_until(lambda: page.fetched("/api/status")["publishing"] is True)
    page.driver.execute_script("document.activeElement.blur()")
    press("snapshot")
    wait_until(lambda: "Saved on the device" in page.text("said"))

    assert list(app.folder.glob("edge-digits-*.png"))


def test_a_server_that_is_killed_is_missed_and_found_again(page: Browser, app: App) -> None:
    app.stop(signal.SIGKILL)
    wait_until(lambda: page.shows("lost"))
    lost = page.text("phase")

    app.start()

    wait_until(lambda: page.text("phase") == "reading")
    wait_until(page.numbers)
    wait_until(lambda: not page.shows("lost"))
    page.find("snapshot").click()
    wait_until(lambda: page.text("said").startswith(("Snapshot asked for", "Saved on the device")))
    assert lost == "connection lost"


def test_a_camera_that_is_missing_is_said_in_plain_words(browser: Browser, tmp_path: Path) -> None:
    app = App(tmp_path, "--camera", "/dev/video99")
    app.start()
    try:
        browser.open(app.url)
        wait_until(lambda: "camera lost, trying again" in browser.text("problems"))

        assert "/dev/video99" in browser.text("problems")
        assert browser.text("phase") == "waiting for the camera"
    finally:
        app.stop()


def test_a_number_that_cannot_be_true_is_shown_as_such_until_a_person_takes_it(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "last-number.json").write_text(json.dumps({"value": 500, "seen_s": time.time(), "credit": 1.0}))
    app = App(tmp_path, "--camera", "fake:407", "--set", "plausible.never_decreasing=true")
    app.start()
    try:
        browser.open(app.url)
        wait_until(lambda: browser.text("withheld"))
        said, before = browser.text("withheld"), browser.numbers()
        browser.find("accept").click()
        wait_until(lambda: browser.numbers() == ["407"])

        assert said == "407 is not published: less than 500, and it never decreases"
        assert before == []
    finally:
        app.stop()


def test_a_person_logs_in_with_a_password(browser: Browser, tmp_path: Path) -> None:
    app = App(tmp_path, "--camera", "fake:407", "--set", f"web.password={hash_password('secret')}")
    app.start()
    try:
        browser.open(app.url)
        assert urlsplit(browser.driver.current_url).path == "/login"
        browser.find("password").send_keys("guess", Keys.ENTER)
        wait_until(lambda: browser.shows("wrong"))
        browser.find("password").send_keys("secret", Keys.ENTER)
        wait_until(lambda: browser.driver.title.endswith("Edge Digits") and "Log in" not in browser.driver.title)
        wait_until(lambda: browser.numbers() == ["407"])
        browser.find("logout").click()
        wait_until(lambda: urlsplit(browser.driver.current_url).path == "/login")
    finally:
        app.stop()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, fetched once, checked by hash and kept in the user's cache."""
    cache = Path(platformdirs.user_cache_dir("edge-digits")) / f"axe-core-{AXE_VERSION}.tgz"
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            ["npm", "pack", "--silent", f"axe-core@{AXE_VERSION}"],
            cwd=cache.parent, check=True, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        (cache.parent / packed.stdout.strip()).replace(cache)
    with tarfile.open(cache) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        script = member.read()
    assert __import__("hashlib").sha256(script).hexdigest() == AXE_SHA256
    return script.decode()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size_wh", [DESKTOP_WH, PHONE_WH], ids=["desktop", "phone"])
def test_nobody_is_kept_out_by_how_it_is_built(page: Browser, axe: str, size_wh: tuple[int, int], scheme: str) -> None:
    page.resize(size_wh, scheme)
    wait_until(page.numbers)

    page.driver.execute_script(axe)
    found = page.driver.execute_async_script("const done = arguments[0]; axe.run().then(done)")

    assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found["violations"]] == []
    assert len(found["passes"]) > 20
    assert page.driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
