"""`lib` is the engine on trial. test_planted_mistakes.py runs the same tests with a spoilt copy of it."""

import pytest

import backprop_lib


@pytest.fixture
def lib():
    return backprop_lib
