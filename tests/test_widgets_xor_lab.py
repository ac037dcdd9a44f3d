"""XORLab shows the training that really happens, in slices as in one go, and every moment of it."""

import gc
import re
import statistics
import time

import numpy as np
import pytest

from backprop_lib.figures.graph_svg import text_width
from backprop_lib.figures.xor_lab import lab_svg
from backprop_lib.widgets import XORLab, xor_lab
from backprop_lib.widgets.training_film import film
from backprop_lib.widgets.xor_lab import ACTIVATIONS, LOSSES, OPTIMIZERS, SLICE, STARTS, Settings, Training


@pytest.fixture(scope="module")
def lab() -> XORLab:
    return XORLab()


def finished(**settings) -> Training:
    training = Training(Settings(**settings))
    while training.share < 1:
        training.advance()
    return training


def page_sets(lab: XORLab, **values) -> None:
    lab.set_state(values)


def page_asks(lab: XORLab) -> None:
    """What the page sends when it has shown a picture of unfinished work."""
    lab._handle_custom_msg({"turn": lab.turn}, [])


def by_hand(seed: int, epochs: int) -> tuple[list[float], dict[str, np.ndarray]]:
    """The same training in plain NumPy: the loss after each epoch, the weights and their gradients at the end."""
    rng = np.random.default_rng(seed)
    w1, b1, w2, b2 = (rng.normal(size=shape) for shape in ((4, 2), (4,), (1, 4), (1,)))
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
    losses = []
    for epoch in range(epochs + 1):
        a1 = 1 / (1 + np.exp(-(x @ w1.T + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ w2.T + b2)))
        losses.append(float(np.mean((a2 - y) ** 2)))
        d2 = (a2 - y) / 2 * a2 * (1 - a2)
        d1 = d2 @ w2 * a1 * (1 - a1)
        gradients = d1.T @ x, d1.sum(0), d2.T @ a1, d2.sum(0)
        if epoch < epochs:
            w1, b1, w2, b2 = (p - g for p, g in zip((w1, b1, w2, b2), gradients))
    return losses, {"weights": (w1, b1, w2, b2), "gradients": gradients, "hidden": a1, "answers": a2[:, 0]}


@pytest.mark.parametrize("epoch", [0, 20, 500])
def test_every_number_of_a_moment_is_the_trainings(lab, epoch):
    losses, expected = by_hand(0, epoch)
    lab.epoch = epoch
    moment = lab.moment
    assert moment.epoch == epoch
    np.testing.assert_allclose(moment.losses[: epoch + 1], losses, rtol=1e-9)
    for name in ("weights", "gradients"):
        for found, wanted in zip(getattr(moment, name), expected[name]):
            np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(moment.hidden, expected["hidden"], rtol=1e-9)
    np.testing.assert_allclose(moment.answers, expected["answers"], rtol=1e-9)
    corner = {0.0: 10, 1.0: 30}
    for (x1, x2), answer in zip([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)], moment.answers):
        assert moment.score[corner[x2], corner[x1]] == pytest.approx(answer)


def test_it_trains_as_the_film_does(lab):
    lab.epoch = 3000
    assert re.search(r"answers (0\.\d\d, 0\.\d\d, 0\.\d\d, 0\.\d\d) for", film(0)[-1].sentence).group(1) in lab.sentence
    assert lab.sentence == (
        "2-4-1 network with σ, normal start, seed 0, SGD with η = 1 on the squared error, after 3000 of 3000 epochs: "
        "the loss went from 0.421 to 0.00087; the answers are 0.03, 0.97, 0.97, 0.03 for the targets 0, 1, 1, 0, "
        "4 of 4 right."
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_slices_change_no_number(optimizer):
    whole = Training(Settings(optimizer=optimizer, rate=0.1))
    whole.advance(600)
    parts = Training(Settings(optimizer=optimizer, rate=0.1))
    for _ in range(6):
        parts.advance(100)
    assert np.array_equal(whole.losses, parts.losses)
    assert whole.done == parts.done == 600
    for one, other in zip(whole.kept, parts.kept, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one[0] + one[1], other[0] + other[1]))


@pytest.mark.parametrize(
    "settings",
    [{"activation": a, "rate": 0.3} for a in ACTIVATIONS]
    + [{"loss": loss, "rate": 0.3} for loss in LOSSES]
    + [{"start": start} for start in STARTS]
    + [{"width": width} for width in range(1, 9)]
    + [{"optimizer": o, "rate": rate} for o in OPTIMIZERS for rate in (0.001, 100)],
    ids=str,
)
def test_every_setting_gives_a_picture_of_the_same_size(settings, monkeypatch):
    monkeypatch.setattr(xor_lab, "EPOCHS", 400)
    lab = XORLab(**settings)
    for epoch in (0, 200, 400):
        lab.epoch = epoch
        assert 'viewBox="0 0 900 660"' in lab.picture
        assert "nan" not in lab.picture
        assert re.search(r"[0-4] of 4 right\.", lab.sentence)


def test_it_ends_with_the_last_epoch_however_much_is_asked_for():
    training = Training(Settings(width=1))
    training.advance(2950)
    training.advance(4000)
    assert (training.done, training.share, len(training.kept)) == (3000, 1, 151)


def test_zero_weights_stay_equal_for_ever():
    training = finished(start="all zero")
    (w1, b1, w2, b2), gradients = training.kept[-1]
    assert np.ptp(w1, axis=0).max() == np.ptp(w2) == 0
    assert training.losses[-1] == pytest.approx(0.25)


def test_seeds_and_widths_are_a_lottery():
    right = {seed: int(XORLab(width=2, seed=seed).sentence.split(" of 4 right")[0][-1]) for seed in range(4)}
    assert min(right.values()) < 4
    assert max(right.values()) == 4


@pytest.mark.parametrize(("control", "value"), [("width", 2.5), ("width", 9), ("seed", -1), ("rate", -0.5)])
def test_what_makes_no_network_is_said(control, value):
    lab = XORLab(epoch=0)
    before = lab.picture
    setattr(lab, control, value)
    assert f"= {value:g} cannot be drawn here. Set {control} to a".replace("-", "−") in lab.problem
    assert lab.picture == before
    assert not lab.working
    setattr(lab, control, 1)
    assert lab.problem == ""


# ---- in the background of the page -------------------------------------------------------------------


def test_moved_in_the_page_it_trains_in_slices_and_ends_at_the_same_numbers():
    lab = XORLab()
    page_sets(lab, seed=3)
    assert (lab.share, lab.working) == (0, True)
    assert "after 0 of 3000 epochs" in lab.sentence
    slices = 0
    while lab.working:
        page_asks(lab)
        slices += 1
        assert f"after {slices * SLICE} of 3000 epochs" in lab.sentence
    assert (slices, lab.share) == (30, 1)
    assert lab.sentence == XORLab(seed=3).sentence
    assert lab.picture == XORLab(seed=3).picture


def test_stopped_it_stays_and_goes_on_where_it_was():
    lab = XORLab()
    page_sets(lab, width=3)
    for _ in range(5):
        page_asks(lab)
    lab._handle_custom_msg({"press": "stop"}, [])
    for _ in range(3):
        page_asks(lab)
    assert (lab.working, round(3000 * lab.share)) == (False, 500)
    lab._handle_custom_msg({"press": "train"}, [])
    assert (lab.working, round(3000 * lab.share)) == (True, 500)
    while lab.working:
        page_asks(lab)
    assert lab.sentence == XORLab(width=3).sentence
    lab._handle_custom_msg({"press": "train"}, [])  # once all is done: from the beginning
    assert (lab.working, lab.share) == (True, 0)


def test_scrubbing_while_it_trains_disturbs_nothing():
    lab = XORLab()
    page_sets(lab, seed=1)
    for _ in range(4):
        page_asks(lab)
    page_sets(lab, epoch=200)
    assert "after 200 of 3000" in lab.sentence
    assert lab.working
    page_asks(lab)
    assert "after 200 of 3000" in lab.sentence
    page_sets(lab, epoch=2000)
    assert "after 500 of 3000" in lab.sentence  # no later than it has trained


def test_a_question_that_comes_twice_or_too_late_is_answered_once():
    lab = XORLab()
    page_sets(lab, seed=2)
    turn = lab.turn
    lab._handle_custom_msg({"turn": turn}, [])
    lab._handle_custom_msg({"turn": turn}, [])
    assert round(3000 * lab.share) == SLICE
    late = lab.turn
    page_sets(lab, seed=4)
    lab._handle_custom_msg({"turn": late}, [])
    assert (lab.share, lab.working) == (0, True)


def test_set_from_python_it_is_done_at_once():
    lab = XORLab()
    page_sets(lab, width=2)
    lab.activation = "tanh"
    assert (lab.share, lab.working) == (1, False)
    assert len(lab.losses) == 3001
    lab.train()
    assert lab.share == 1


def test_the_kernel_needs_less_than_five_milliseconds_to_scrub():
    lab, spent = XORLab(width=8), []
    gc.collect()
    gc.disable()
    for epoch in range(0, 3000, 100):
        start = time.process_time()
        lab.epoch = epoch
        spent.append(1000 * (time.process_time() - start))
    gc.enable()
    assert statistics.median(spent) < 5, f"{statistics.median(spent):.1f} ms"


def test_a_large_negative_weight_keeps_clear_of_the_name_before_it():
    moment = XORLab(rate=10).moment
    moment.weights[0][0, 0] = -12.34
    picture = lab_svg(moment, xor_lab.INPUTS, xor_lab.TARGETS[:, 0], 3000)
    names = re.findall(r'<text x="([\d.]+)" [^>]*font-size="([\d.]+)">(h₁|−12.34)</text>', picture)
    [name, weight] = [(float(x), float(size), words) for x, size, words in names if float(x) > 345]
    assert name[0] + text_width(name[2], name[1]) + 4 < weight[0] - text_width(weight[2], weight[1])
