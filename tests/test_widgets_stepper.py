"""The stepper says at each step what the graph's own steps say; a refused expression leaves the last good steps."""

import pytest

from backprop_lib import Graph, Tensor, relu
from backprop_lib.widgets.stepper import ChainStepper, ExpressionStepper, GraphStepper


def test_the_first_graph_of_the_course_step_by_step():
    stepper = GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4")
    sentences = [frame["sentence"] for frame in stepper.frames]
    assert sentences[2] == "Forward: x + y = −2 + 5 = 3."
    assert sentences[4] == "Forward: f = (x + y)·z = 3·(−4) = −12."
    assert sentences[-1] == "Backward: ∂f/∂y = ∂f/∂(x + y) × ∂(x + y)/∂y = (−4) × 1 = −4."


def test_one_frame_for_each_step_of_the_graph_in_one_view():
    stepper = GraphStepper("q = x * x; q + x", "x = 3")
    steps = Graph(_output()).steps()
    assert len(stepper.frames) == len(steps)
    views = {frame["picture"].split('viewBox="', 1)[1].split('"', 1)[0] for frame in stepper.frames}
    assert len(views) == 1


def _output() -> Tensor:
    x = Tensor(3.0, name="x")
    q = x * x
    q.name = "q"
    return q + x


def test_what_has_been_added_up_so_far_is_said_where_two_paths_meet():
    sentences = [frame["sentence"] for frame in GraphStepper("x * x", "x = 3").frames]
    assert sentences[-1].endswith("gets another share, ∂f/∂f × ∂f/∂(2nd x) = 1 × 3 = 3; added up: 6.")
    cube = [frame["sentence"] for frame in GraphStepper("u = x * x; u + x", "x = 3").frames]
    assert cube[-2].endswith("gets another share, ∂f/∂u × ∂u/∂(1st x) = 1 × 3 = 3; added up so far: 4.")


def test_picture_table_and_derivation_hold_the_same_numbers():
    stepper = ChainStepper()
    last = stepper.frames[-1]
    for figure in ("0.622459", "−0.186738", "0.453451", "0.149358", "−0.546549", "−0.135453", "−0.084314"):
        assert figure in last["picture"]
        assert figure in last["detail"]
    assert "<math" in last["detail"]
    assert "0.00954959" in last["detail"]  # S1 prints 0.00952, from rounded figures


def test_a_new_expression_and_new_values_give_new_frames():
    stepper = GraphStepper("x * y")
    assert isinstance(stepper, ExpressionStepper)
    assert stepper.numbers == "x = 1, y = 2"
    stepper.numbers = "x = 3, y = 4"
    assert "= 12." in stepper.frames[2]["sentence"]
    stepper.expression = "x + y"
    assert "= 7." in stepper.frames[2]["sentence"]


@pytest.mark.parametrize("text", ["x +", "__import__('os')", "<script>alert(1)</script>", "x" * 300, "𝔵 @ 2"])
def test_a_refused_expression_says_why_and_keeps_the_last_good_steps(text):
    stepper = GraphStepper("x * y")
    before = stepper.frames
    stepper.expression = text
    assert stepper.problem
    assert stepper.frames == before
    stepper.expression = "x / y"
    assert not stepper.problem


@pytest.mark.parametrize("text", ["#x", "(-8)**0.5 + x", "sqrt(x - 1)", "(0*x - 8)**y", "1/(x - 1 + 1e-300)**0.5"])
def test_what_has_no_value_or_no_slope_is_said(text):
    stepper = GraphStepper("x * y", "x = 1, y = 2")
    stepper.expression = text
    assert stepper.problem
    assert "x · y" not in stepper.problem
    assert stepper.sentence == "Forward: x = 1 is given."


def test_names_without_a_number_get_one():
    assert GraphStepper("x + y*z", "y = 5").numbers == "y = 5, x = 1, z = 2"
    assert GraphStepper("µ*x").numbers == "μ = 1, x = 2"
    assert GraphStepper("x·y", "").numbers == "x = 1, y = 2"


def test_numbers_for_a_tensor_are_refused():
    with pytest.raises(TypeError, match="has its values already; given was 'x = 5'"):
        GraphStepper(Tensor(2.0, name="x") * 3, "x = 5")


def test_the_longest_expression_sends_a_few_megabytes():
    frames = GraphStepper("*".join("abcdefghijklmnopqrst")).frames
    assert sum(len(frame["picture"]) + len(frame["detail"]) for frame in frames) < 5e6


def test_of_a_tensor():
    w, x = Tensor(3.0, name="w"), Tensor(2.0, name="x")
    stepper = GraphStepper(relu(w * x))
    assert stepper.frames[-1]["sentence"].endswith("= 3.")
    with pytest.raises(TypeError, match="Try GraphStepper"):
        GraphStepper(3.0)


def test_names_are_text_in_picture_and_table():
    hostile = "<img src=x onerror=alert(1)>"
    frame = GraphStepper(Tensor(2.0, name=hostile) * 3).frames[-1]
    assert "<img" not in frame["picture"] + frame["detail"]


def test_a_notebook_keeps_the_whole_graph_at_rest():
    saved = GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4").saved
    assert saved.sentence == "f = −12; ∂f/∂x = −4, ∂f/∂y = −4, ∂f/∂z = 3."
    assert ">∂f/∂z = 3<" in saved.picture
    assert "<math" not in saved.detail
    stepper = GraphStepper("x * y")
    stepper.expression = "x / 0"
    assert stepper.saved.sentence.startswith("f = 2; ")
