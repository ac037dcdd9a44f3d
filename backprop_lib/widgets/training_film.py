"""XOR being learnt, from the first guess to the bent boundary, to run forwards and backwards."""

from functools import cache

import numpy as np

from ..datasets import xor
from ..figures.training_film import film_sentence, film_svg
from ..functional import mean_squared_error, sigmoid
from ..initializers import normal
from ..modes import no_grad
from ..nn import Linear, Sequential, Sigmoid
from ..optim import SGD
from ..training import train
from .explorer import Choice, Explorer, Frame

EPOCHS, KEPT = 3000, 100


class TrainingFilm(Explorer):
    """A 2-4-1 sigmoid network trained on XOR with learning rate 1; one step of the film is 100 epochs."""

    title = "Train a network on XOR: go forward step by step"
    seed = Choice("0", options=["0", "1", "2", "3"], label="seed of the random first weights")

    def draw(self, seed: str) -> list[Frame]:
        return film(int(seed))


@cache
def film(seed: int) -> list[Frame]:
    """The training with that seed: a frame at the start and after every hundredth epoch."""
    inputs, targets = xor()
    rng = np.random.default_rng(seed)
    first, last = (Linear(n, m, rng, initializer=normal, bias_initializer=normal) for n, m in ((2, 4), (4, 1)))
    model = Sequential(first, Sigmoid(), last, Sigmoid())
    history = train(
        model, mean_squared_error, inputs, targets, SGD(model.parameters(), learning_rate=1.0), EPOCHS,
        keep_every=KEPT, replay=True,
    )  # fmt: skip
    axis = np.linspace(-0.5, 1.5, 41)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    # The kept weights have one more axis in front, so a single pass gives the answers at all kept epochs.
    w1, b1, w2, b2 = (history.parameters[f"{layer}.{kind}"] for layer in (0, 2) for kind in ("weight", "bias"))

    @no_grad()
    def answers(points: np.ndarray) -> np.ndarray:
        hidden = sigmoid(points @ np.swapaxes(w1, 1, 2) + b1[:, None])
        return sigmoid(hidden @ np.swapaxes(w2, 1, 2) + b2[:, None]).numpy()[..., 0]

    scores, corners = answers(grid).reshape(-1, 41, 41), answers(inputs)
    labels = targets[:, 0]
    return [
        Frame(
            film_svg(axis, score, inputs, labels, history.loss, epoch),
            film_sentence(corner, labels, history.loss[epoch], epoch),
        )
        for score, corner, epoch in zip(scores, corners, history.kept_epochs.tolist())
    ]
