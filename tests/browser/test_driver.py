"""What the browser tests themselves promise: a missing tool is an error that says what to install."""

from __future__ import annotations

import driver
import pytest
from measure import Latency


def test_a_missing_browser_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "nowhere"))
    with pytest.raises(RuntimeError, match="there is no such file"):
        driver.find_chromium()
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="apt-get install chromium"):
        driver.find_chromium()


def test_percentiles():
    times = Latency(tuple(float(k) for k in range(1, 101)))
    assert times.median == 50.5
    assert times.p95 == 95.0
    assert Latency((7.0,)).p95 == 7.0


def test_faults_are_seen(context, servers):
    """A failing cell, a console error, a request to another machine, a picture without a name: each is reported."""
    notebook = servers("lab").open(context, ["1 / 0", "2"])
    try:
        notebook.run_all()
        assert notebook.cell_errors == ["cell 0: ZeroDivisionError: division by zero"]
        notebook.page.evaluate(
            """() => {
              const image = document.createElement('img');
              image.src = 'http://example.org/y.png';
              document.querySelector('.jp-Notebook').append(image);
              console.error('out of order');
            }"""
        )
        notebook.page.wait_for_timeout(300)
        assert notebook.outside == ["http://example.org/y.png"]
        assert "out of order" in notebook.complaints
        assert any(fault.startswith("image-alt") for fault in notebook.axe(notebook.page.locator(".jp-Notebook")))
        with pytest.raises(Exception, match="NameError"):
            notebook.run("nowhere")
    finally:
        notebook.close()
