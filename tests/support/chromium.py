"""The browser that the page tests drive: found on this machine, or brought by ``python tests/chromium.py``."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The browser's file: Playwright's own if it is there and starts, or the distribution's."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return next(filter(starts, filter(None, map(shutil.which, (own, *NAMES)))), None)


def starts(browser: str) -> bool:
    """Whether it says its version; one that lacks the machine's libraries does not."""
    return subprocess.run([browser, "--version"], check=False, capture_output=True).returncode == 0


def ways() -> list[list[list[str]]]:
    """The commands of each way to a browser, in the order to try them."""
    playwright = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq"]
    distribution = [[*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", "chromium"]]
    return [playwright, distribution] if may_install() else [playwright]


def may_install() -> bool:
    """Whether the distribution's packages can be installed, so that having no browser is a fault and no fate."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def bring() -> str | None:
    """The browser's file, after trying each way to one that is missing; None if none led to one."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for commands in ways():
        if find():
            break
        for command in commands:
            subprocess.run(command, check=False, env=environment, **quiet)
    return find()


def main() -> int:
    """Says which browser there is. Exit 1 only in CI, where one could have been had and was not."""
    browser = bring()
    if browser:
        print(f"browser: {browser}")
        return 0
    tried = " and ".join(f"'{' '.join(commands[-1])}'" for commands in ways())
    print(f"browser: none, tests of pages will be skipped; tried {tried}", file=sys.stderr)
    return int(may_install() and "CI" in os.environ)


if __name__ == "__main__":
    sys.exit(main())
