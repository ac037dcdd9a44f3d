"""DescentPath walks as the optimizers do, names what it has reached, and hides no divergence."""

import gc
import re
import statistics
import time

import numpy as np
import pytest

from backprop_lib.widgets import DescentPath
from backprop_lib.widgets.descent_path import OPTIMIZERS, STEPS, SURFACES, surface_named


def page_sets(widget, **values) -> None:
    widget.set_state(values)


def page_asks(widget) -> None:
    widget._handle_custom_msg({"turn": widget.turn}, [])


def test_on_the_valley_each_step_is_the_textbooks():
    widget = DescentPath(surface="narrow valley", start="-7, 2", rate=0.08, second="none")
    (way,) = widget.ways
    expected = [(-7 * 0.92**k, 2 * (-0.6) ** k) for k in range(STEPS + 1)]
    np.testing.assert_allclose(way.points, expected, atol=1e-12)
    assert widget.sentence == (
        "Valley ½(a² + 20b²), from (−7, 2) at height 64.5: SGD with η = 0.08 is at (0, 0) after 100 steps, "
        "height 1.4e−6, at the minimum."
    )


def test_the_xor_network_has_two_minima_and_a_saddle_between_them():
    surface = surface_named("XOR network")
    assert [p.kind for p in surface.critical()] == ["minimum", "minimum", "saddle"]
    assert [round(p.loss, 3) for p in surface.critical()] == [0.002, 0.208, 0.258]
    assert [p.kind for p in surface_named("saddle").critical()] == ["saddle"]
    assert [p.kind for p in surface_named("narrow valley").critical()] == ["minimum"]


def test_the_same_start_leads_two_optimizers_to_different_minima():
    sentence = DescentPath().sentence
    assert "SGD with η = 10 is at (0.39, 1.37) after 100 steps, height 0.208, at the minimum" in sentence
    assert re.search(r"Adam with η = 0\.3 is at .* height 0\.0018\d?, at the minimum", sentence)
    other_way_round = DescentPath(start="-4, 4")
    sgd, adam = other_way_round.ways
    other_way_round.shown = 5
    assert ", at the" not in other_way_round.sentence  # on its way, and at no landmark
    assert sgd.losses[-1] < 0.02
    assert adam.losses[-1] > 0.2


@pytest.mark.parametrize(("rate", "told"), [(0.09, "at the minimum"), (0.1, "height"), (0.11, "diverges and is off")])
def test_beyond_two_over_the_curvature_it_diverges(rate, told):
    widget = DescentPath(surface="narrow valley", start="-7, 2", rate=rate, second="none")
    assert told in widget.sentence
    assert ("off the map<" in widget.picture) == (rate > 0.1)
    assert ("above this picture" in widget.picture) == (rate > 0.1)


def test_a_divergence_to_infinity_is_said_and_drawn():
    widget = DescentPath(surface="narrow valley", start="1, 1", rate=100, second="SGD", second_rate=0.05)
    assert "SGD with η = 100 diverges, after" in widget.sentence
    assert "no finite number" in widget.sentence
    assert "SGD with η = 0.05 is at" in widget.sentence
    assert "nan" not in widget.picture and "inf" not in widget.picture


def test_on_the_ridge_of_a_saddle_gradient_descent_stays():
    widget = DescentPath(surface="saddle", start="1.5, 0", rate=0.1, second="none")
    assert "height within 0.000001 of 0, at the saddle" in widget.sentence
    widget.start = "1.5, 0.001"
    assert "off the map" in widget.sentence
    assert "diverges" not in widget.sentence


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("first", OPTIMIZERS)
def test_every_walk_fills_the_same_view(surface, first):
    widget = DescentPath(surface=surface, first=first, rate=0.1)
    for shown in (0, 50, 100):
        widget.shown = shown
        assert 'viewBox="0 0 880 470"' in widget.picture
        assert "nan" not in widget.picture
        assert f" after {shown} step" in widget.sentence


@pytest.mark.parametrize("start", ["", "3", "1, 2, 3", "a, b", "nan, 0", "inf, 1", "1e9, 0", "<b>, 1"])
def test_a_start_that_is_none_is_refused_with_an_example(start):
    widget = DescentPath()
    before = widget.picture
    widget.start = start
    assert "start" in widget.problem
    assert widget.picture == before
    widget.start = "(−3, 2.5)"
    assert widget.problem == ""
    assert widget.ways[0].points[0].tolist() == [-3, 2.5]


def test_a_landscape_brings_a_start_and_rates_that_suit_it():
    widget = DescentPath(surface="narrow valley", rate=0.11)
    assert (widget.start, widget.rate, widget.second_rate) == ("-7, 2", 0.11, 0.3)
    page_sets(widget, surface="saddle")
    assert (widget.start, widget.rate, widget.second_rate) == ("1.5, 0.01", 0.1, 0.1)
    assert "Saddle a² − b², from (1.5, 0.01)" in widget.sentence
    for surface in SURFACES:
        widget.surface = surface
        assert surface_named(surface).shows(widget.ways[0].points[0])


@pytest.mark.parametrize(("control", "value"), [("rate", -1), ("second_rate", -1), ("shown", -1), ("shown", 101)])
def test_what_is_no_rate_and_no_step_is_refused(control, value):
    widget = DescentPath()
    setattr(widget, control, value)
    assert f"Set {control} to a" in widget.problem


def test_the_map_tells_the_page_what_a_click_means():
    picture = DescentPath().picture
    assert 'class="map" data-control="start" data-range="-14 6 -9 7"' in picture


def test_in_the_page_the_paths_grow_slice_by_slice():
    widget = DescentPath()
    page_sets(widget, start="2.00, 3.00")
    seen = []
    while widget.working:
        seen.append(int(re.search(r"after (\d+) step", widget.sentence)[1]))
        page_asks(widget)
    assert seen == list(range(0, STEPS, 4))
    assert widget.sentence == DescentPath(start="2, 3").sentence
    page_sets(widget, shown=10.0)
    assert "after 10 steps" in widget.sentence
    assert not widget.working
    widget._handle_custom_msg({"press": "train"}, [])
    assert (widget.working, widget.share) == (True, 0)


def test_the_kernel_needs_less_than_five_milliseconds_to_scrub():
    widget, spent = DescentPath(), []
    gc.collect()
    gc.disable()
    for shown in range(0, STEPS, 3):
        start = time.process_time()
        widget.shown = shown
        spent.append(1000 * (time.process_time() - start))
    gc.enable()
    assert statistics.median(spent) < 5, f"{statistics.median(spent):.1f} ms"


def test_the_name_of_a_place_stands_above_the_way_that_leads_to_it():
    """Along the axis of the saddle a path runs level, to the right of the mark."""
    picture = DescentPath(surface="saddle", start="1, 0.001", second="none").picture
    (name_y,) = re.findall(r'<text x="[\d.]+" y="([\d.]+)"[^>]*>saddle 0</text>', picture)
    (mark_y,) = {float(y) + 6 for y in re.findall(r'<path d="M[\d.]+,([\d.]+)l12,12m0,-12', picture)}
    assert float(name_y) < mark_y - 4
