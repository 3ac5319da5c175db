"""A headless Chromium for pages that the program writes; tests skip where there is none."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
DRIVER: Final = "chromedriver"
Theme = Literal["light", "dark"]


def browser_missing() -> str:
    """Why there is no browser to test with; "" if there is one."""
    if not any(shutil.which(name) for name in BROWSERS):
        return "Chromium is not installed"
    return "" if shutil.which(DRIVER) else "chromedriver is not installed"


class Browser:
    """A window without a screen.

    Attributes:
        driver: of selenium.
    """

    def __init__(self, driver: "Chrome") -> None:
        """Drive a browser that has started."""
        self.driver = driver

    def open(
        self,
        path: Path,
        fragment: str = "",
        *,
        width: int = 1400,
        theme: Theme = "light",
        media: str = "",
    ) -> None:
        """Open a file and wait until its script is done."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        self.show_as(theme, media)
        self.driver.get("about:blank")  # so that another fragment opens the page anew
        self.logged()
        self.driver.get(path.as_uri() + fragment)
        assert self.run("return document.documentElement.dataset.ready") == "yes", self.logged()

    def show_as(self, theme: Theme, media: str = "") -> None:
        """Say what the system prefers, and for which medium ("print") the page is shown."""
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"media": media, "features": [{"name": "prefers-color-scheme", "value": theme}]},
        )

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401  any JSON
        """Run a script in the page and give what it returns."""
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script: str) -> Any:  # noqa: ANN401  any JSON
        """Run a script that calls its last argument with a result, and give that."""
        return self.driver.execute_async_script(script)

    def texts(self, selector: str) -> list[str]:
        """The text of each element, as it is shown."""
        found: list[str] = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)",
            selector,
        )
        return found

    def click(self, selector: str) -> None:
        """Click the first such element."""
        self.run("document.querySelector(arguments[0]).click()", selector)

    def press(self, *keys: str) -> None:
        """Press keys in whatever has the focus."""
        from selenium.webdriver import ActionChains  # noqa: PLC0415  only with a browser

        ActionChains(self.driver).send_keys(*keys).perform()

    def logged(self) -> list[str]:
        """What the console said since this was asked last: errors, violated policies, messages."""
        return [str(each["message"]) for each in self._log("browser")]

    def requested(self) -> list[str]:
        """The addresses that were asked for since this was asked last."""
        messages = [json.loads(each["message"])["message"] for each in self._log("performance")]
        return [
            each["params"]["request"]["url"]
            for each in messages
            if each["method"] == "Network.requestWillBeSent"
        ]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        """Take what a log of the driver holds."""
        lines: list[dict[str, Any]] = self.driver.execute("getLog", {"type": kind})["value"]
        return lines


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser, and end it."""
    reason = browser_missing()
    if reason:
        pytest.skip(reason)
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = next(found for name in BROWSERS if (found := shutil.which(name)))
    options.add_argument("--headless=new")
    options.add_argument("--disable-gpu")
    options.add_argument("--disable-dev-shm-usage")  # containers have little of it
    options.add_argument("--hide-scrollbars")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which refuses to be root's
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which(DRIVER))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
