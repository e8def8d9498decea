"""The gate has its browser, or says why not; in CI it may not go without one that could have been had."""

import pytest

import chromium


@pytest.fixture
def bare(monkeypatch) -> list[list[str]]:
    """A machine without a browser, where no way leads to one; the commands that were tried."""
    tried: list[list[str]] = []
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium.subprocess, "run", lambda command, **_: tried.append(command))
    monkeypatch.delenv("CI", raising=False)
    return tried


@pytest.mark.parametrize(("root", "ci", "code"), [(True, True, 1), (True, False, 0), (False, True, 0)])
def test_only_ci_that_could_have_had_a_browser_fails_without_one(bare, monkeypatch, capsys, root, ci, code) -> None:
    monkeypatch.setattr(chromium, "may_install", lambda: root)
    if ci:
        monkeypatch.setenv("CI", "true")
    assert chromium.main() == code
    assert "tests of pages will be skipped" in capsys.readouterr().err
    assert [command[0] for command in bare][1:] == ["apt-get", "apt-get"] * root


def test_a_browser_that_does_not_start_is_none(tmp_path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n")
    broken.chmod(0o755)
    assert not chromium.starts(str(broken))


def test_nothing_is_tried_where_a_browser_is(bare, monkeypatch) -> None:
    monkeypatch.setattr(chromium, "find", lambda: "/usr/bin/chromium")
    assert chromium.main() == 0
    assert bare == []
