"""The bank as a table, the report as text and HTML, and that both are the same in every run."""

import re
import subprocess
import sys

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor
from backprop_lib.diagnosis import MISTAKES, BankTable, diagnose, gradients_with_mistake

from .networks import rows
from .referee import rows_backward, rows_loss, rows_parameters


def test_the_rows_are_complete():
    assert len(MISTAKES) >= 25
    assert len({mistake.name for mistake in MISTAKES}) == len({mistake.title for mistake in MISTAKES}) == len(MISTAKES)
    for mistake in MISTAKES:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", mistake.name)
        assert (
            "{place}" in mistake.what
            and not mistake.what.endswith(".")
            and mistake.what[0] != mistake.what[0].upper()
            or mistake.what[0] == "{"
        )
        assert mistake.look[-1] in ".?" and mistake.why.endswith(".")
        assert not re.search(r"[{}]", (mistake.what + mistake.look).replace("{place}", ""))


def test_the_table_shows_every_row():
    text, html = repr(BankTable()), BankTable()._repr_html_()
    for mistake in MISTAKES:
        assert mistake.title in text and mistake.why in text and mistake.name in text
        assert mistake.name in html
    assert html.count("<tr>") == len(MISTAKES) + 1


def test_every_message_is_one_to_three_sentences_and_names_the_place():
    p = rows_parameters(0)
    loss = rows_loss(p)
    for mistake in MISTAKES:
        try:
            claimed = gradients_with_mistake(loss, mistake.name)
        except ValueError:
            continue
        found = diagnose(loss, claimed)
        assert found.mistake is not None and found.message.startswith("Exactly your numbers come out if ")
        assert "{" not in found.message and "  " not in found.message
        assert 1 <= len(re.findall(r"[.?](\s|$)", found.message)) <= 3
        assert len(found.message) < 400


def test_the_table_of_numbers():
    p = rows_parameters(0)
    claimed = rows_backward(p, "b2 averaged")
    found = diagnose(rows_loss(p), claimed)
    lines = found.table.text.splitlines()
    assert lines[0].split() == ["gradient", "of", "entry", "claimed", "true"]
    assert [line.split()[0] for line in lines[1:5]] == ["b2"] * 4 and lines[1].endswith("0.166667 times the true one")
    assert f"{claimed['b2'][0]:.6g}" in lines[1] and f"{rows_backward(p)['b2'][0]:.6g}" in lines[1]
    assert lines[-1] == "… and 24 more entries."
    assert found.table.text in repr(found)
    assert repr(found.table) == str(found.table) == found.table.text


def test_html_is_escaped():
    w = Tensor([1.0, 2.0], name='<b>w&"</b>')
    found = diagnose((w * w).sum(), {w: [5.0, 9.0]})
    for html in (found._repr_html_(), found.table.html, found.table._repr_html_()):
        assert "<b>" not in html and "&lt;b&gt;w&amp;" in html
    assert '<th scope="col">claimed</th>' in found.table.html and '<th scope="row">' in found.table.html
    named = diagnose((w * w).sum(), {w: [1.0, 2.0]})
    assert named.mistake == "two_missing" and "<b>" not in named._repr_html_()


def test_at_most_six_digits():
    for bug in ("no mean", "b2 averaged", "", "W2 updated"):
        p = rows_parameters(1)
        text = repr(diagnose(rows_loss(p), rows_backward(p, bug)))
        for number in re.findall(r"\d*\.\d+", text):
            assert len(number.replace(".", "").lstrip("0")) <= 6


def test_a_true_result_is_true_and_a_false_one_false():
    p = rows_parameters(2)
    assert diagnose(rows_loss(p), rows_backward(p))
    assert not diagnose(rows_loss(p), rows_backward(p, "no mean"))


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from diagnosis.referee import ROWS_BUGS, rows_backward, rows_loss, rows_parameters
from backprop_lib.diagnosis import diagnose
for bug in ROWS_BUGS:
    p = rows_parameters(0)
    print(diagnose(rows_loss(p), rows_backward(p, bug)))
assert not {"matplotlib", "ipywidgets"} & set(sys.modules)
"""


def test_the_same_words_in_every_run(request):
    """Whatever the hash seed; and only NumPy is loaded."""
    tests = str(request.config.rootpath / "tests")
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, tests], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1] and len(outputs[0]) > 10_000


def test_gradients_with_a_mistake():
    loss = rows(0, 2, "tanh", "squared error: fused")
    loss.backward()
    true = {t.name: t.grad for t in lib.Graph(loss).leaves if t.requires_grad}
    claimed = gradients_with_mistake(loss, "bias_averaged", "b1")
    assert np.allclose(claimed["b1"], true["b1"] / 7) and np.array_equal(claimed["b2"], true["b2"])
    both = gradients_with_mistake(loss, "bias_averaged", "everywhere")
    assert np.allclose(both["b2"], true["b2"] / 7)
    slow, fast = (gradients_with_mistake(loss, "updated_weight", learning_rate=rate)["W1"] for rate in (0.1, 1.0))
    assert np.allclose(fast - true["W1"], 10 * (slow - true["W1"]))
    with pytest.raises(ValueError, match="no mistake called 'typo'.*one_over_m_missing"):
        gradients_with_mistake(loss, "typo")
    with pytest.raises(ValueError, match="cannot be made at 'b7'.*Possible: b2; b1; everywhere: b1 and b2"):
        gradients_with_mistake(loss, "bias_averaged", "b7")
    with pytest.raises(ValueError, match="Possible: nowhere"):
        gradients_with_mistake(loss, "relu_mask_missing")
    with pytest.raises(ValueError, match="Every leaf needs a name"):
        gradients_with_mistake(Tensor(2.0) * 3, "sign_flipped")
