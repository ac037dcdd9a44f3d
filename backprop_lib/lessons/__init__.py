"""What makes a notebook a lesson: predictions, exercises that know the mistake, quizzes, a glossary,
progress.

    from backprop_lib.lessons import exercise, predict, progress, quiz, reveal

    predict("03.predict.zero-weight", "With w = 0, is dL/dw zero too?", ["yes", "no"])
    reveal("03.predict.zero-weight", "yes" if w.grad == 0 else "no", "dL/dw = dL/dz · x, whatever w is.")

    neuron = exercise("03.check.sigmoid")       # shows what is asked
    neuron.check(dL_dz=0.065, dL_dw=None)       # says what is right, and which mistake gives what is wrong
    neuron.hint()                               # three of them; the last is the worked solution

    quiz("03.quiz")                             # answered in the page, or with quiz("03.quiz").answer("bac-")
    progress.token()                            # everything answered so far, as one short text

All of it is plain Python: with no page, no widget is made, nothing waits, and the output is the same in
every run.
"""

from .course import exercise, quiz
from .exercises import Exercise, Feedback, FunctionExercise, Target
from .gradient_exercises import GradientExercise
from .predictions import predict, reveal
from .quizzes import Question, Quiz, again, gain, right, wrong
from .record import TokenError, progress
from .setup import check_setup
from .steps import Mistake, gradient_of
from .terms import glossary

__all__ = [
    "Exercise",
    "Feedback",
    "FunctionExercise",
    "GradientExercise",
    "Mistake",
    "Question",
    "Quiz",
    "Target",
    "TokenError",
    "again",
    "check_setup",
    "exercise",
    "gain",
    "glossary",
    "gradient_of",
    "predict",
    "progress",
    "quiz",
    "reveal",
    "right",
    "wrong",
]
