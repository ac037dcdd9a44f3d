"""The Bug Zoo shows what there is to see, waits for a guess, answers it truly, and then names the mistake."""

import re

import numpy as np
import pytest

from backprop_lib.diagnosis import BUG_ZOO
from backprop_lib.diagnosis.bank import BY_NAME
from backprop_lib.figures.bug_zoo import GUESSES, NO_GUESS, losses, names_of
from backprop_lib.widgets import BugZoo

LABELS = [specimen.label for specimen in BUG_ZOO]
by_label = pytest.mark.parametrize("specimen", BUG_ZOO, ids=LABELS)


@pytest.fixture(scope="module")
def zoo():
    return BugZoo()


def test_every_mistake_of_the_zoo_may_be_guessed():
    assert sorted(GUESSES.values()) == sorted(specimen.mistake for specimen in BUG_ZOO)


@by_label
def test_without_a_guess_nothing_is_given_away(zoo, specimen):
    zoo.specimen = specimen.label
    assert zoo.guess == NO_GUESS and zoo.step == 0 and len(zoo.frames) == 2 and not zoo.solved
    shown = " ".join(frame["sentence"] + frame["picture"] for frame in zoo.frames)
    assert specimen.mistake not in shown and BY_NAME[specimen.mistake].title not in shown
    assert "Exactly" not in shown and specimen.says in shown
    assert zoo.frames[1]["sentence"].endswith("What is your guess?")


@by_label
def test_the_right_guess_is_confirmed_and_every_other_is_not(zoo, specimen):
    zoo.specimen = specimen.label
    right = names_of(specimen.label)
    assert GUESSES[right[0]] == specimen.mistake or {"overwritten", "path_forgotten"} == {GUESSES[g] for g in right}
    for guess in GUESSES:
        zoo.guess = guess
        checker = zoo.frames[2]["sentence"]
        assert zoo.step == 2 and len(zoo.frames) == 4
        assert zoo.solved == (guess in right)
        assert ("gives exactly these numbers" in checker) == (guess in right)
        assert ("gives other numbers" in checker or "cannot be made" in checker) == (guess not in right)
    name = zoo.frames[3]["sentence"]
    assert all(BY_NAME[GUESSES[guess]].title in name for guess in right)
    assert "Exactly these numbers come out if" in name


def test_twins_are_named_together(zoo):
    for label in ("K", "L"):
        assert names_of(label) == ("one use overwrites the others", "a path forgotten")
        zoo.specimen, zoo.guess = label, "a path forgotten"
        assert zoo.solved and "” or “" in zoo.frames[3]["sentence"]


def test_a_new_specimen_starts_without_a_guess(zoo):
    zoo.specimen, zoo.guess = "A", "sign flipped"
    seen = []
    zoo.observe(lambda change: seen.append((zoo.specimen, len(change.new))), names="frames")
    zoo.specimen = "B"
    zoo.unobserve_all("frames")
    assert seen == [("B", 2)]  # B was never drawn with A's guess


def test_the_same_guess_again_after_looking_back(zoo):
    zoo.specimen, zoo.guess = "A", "sign flipped"
    zoo.step = 0
    zoo.guess = "bias averaged"
    assert zoo.step == 2


def test_a_guess_may_be_given_at_the_start():
    zoo = BugZoo(specimen="B", guess="sign flipped")
    assert zoo.solved and zoo.step == 2 and zoo.specimen == "B"


def test_what_is_saved_asks_for_a_guess():
    saved = BugZoo(specimen="B", guess="sign flipped").saved
    assert saved.sentence.endswith("What is your guess?") and "sign" not in saved.sentence
    assert "<details>" in saved.detail


@by_label
def test_the_figures_are_those_of_the_specimen(zoo, specimen):
    zoo.specimen = specimen.label
    curve = specimen.train(150)
    assert np.array_equal(losses(specimen.label), curve)
    start, end = re.search(r"goes from (\S+) to (\S+) in 150 steps", zoo.frames[0]["sentence"]).groups()
    assert float(start) == pytest.approx(curve[0], rel=5e-3)
    assert float(end.replace("e−", "e-")) == pytest.approx(curve[-1], rel=5e-3)
    wrong, size = map(int, re.search(r"Wrong are (\d+) of (\d+) entries", zoo.frames[1]["sentence"]).groups())
    claimed, true = specimen.gradients(), specimen.true_gradients()
    assert wrong == sum(int(np.sum(~np.isclose(claimed[n], true[n], rtol=1e-6, atol=1e-12))) for n in true)
    assert size == sum(value.size for value in true.values())
    rows = re.findall(r'<th scope="row">', zoo.frames[1]["detail"])
    assert len(rows) == size


@by_label
def test_measured_slopes_agree_about_what_is_wrong(zoo, specimen):
    """The checker of slopes knows nothing of the bank, and finds the same entries wrong."""
    residual = specimen.residual()
    for entry in specimen.check().entries:
        true = specimen.true_gradients()[entry.name][entry.index]
        right = abs(residual[entry.name][entry.index]) <= 1e-6 * abs(true) + 1e-12
        assert entry.verdict == ("right" if right else "wrong"), entry


@by_label
def test_one_view_for_every_step(zoo, specimen):
    zoo.specimen = specimen.label
    zoo.guess = "bias averaged"
    pictures = [frame["picture"] for frame in zoo.frames]
    assert {re.search(r'viewBox="[^"]*"', picture).group(0) for picture in pictures} == {'viewBox="0 0 890 340"'}
    for picture in pictures:
        assert "nan" not in picture and "inf" not in picture
        for x, y, w, h in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', picture):
            assert float(x) + float(w) <= 890 and float(y) + float(h) <= 340
