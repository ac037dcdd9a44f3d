"""Starting values for weights, each drawn from an explicit random generator.

Every initializer is called as `initializer(shape, rng)` and returns a float64 array of that shape. `rng` is a
`numpy.random.Generator`, for example `np.random.default_rng(0)`: the same seed gives the same weights. Weights have
shape (out, in): `out` is how many neurons the layer has, `in` how many inputs each of them reads. For other settings
than the default use `functools.partial(normal, std=0.1)`.
"""

import numpy as np

Shape = tuple[int, ...]


def zeros(shape: Shape, rng: np.random.Generator | None = None) -> np.ndarray:
    """All 0: the usual start for a bias. Weights that are all equal give all neurons of a layer the same gradient."""
    return np.zeros(shape)


def constant(shape: Shape, rng: np.random.Generator | None = None, value: float = 0.0) -> np.ndarray:
    """All `value`."""
    return np.full(shape, float(value))


def normal(shape: Shape, rng: np.random.Generator | None = None, std: float = 1.0) -> np.ndarray:
    """Normally distributed with mean 0 and standard deviation `std`."""
    return std * _generator(rng).standard_normal(shape)


def xavier_normal(shape: Shape, rng: np.random.Generator | None = None) -> np.ndarray:
    """Normal with standard deviation √(2 / (in + out)), for tanh and sigmoid.

    A compromise: values keep their size on the way forward with 1/in, gradients on the way back with 1/out.
    Source: Glorot and Bengio, 2010, "Understanding the difficulty of training deep feedforward neural networks".
    """
    fan_out, fan_in = _fans(shape, "xavier_normal")
    return normal(shape, rng, np.sqrt(2 / (fan_in + fan_out)))


def xavier_uniform(shape: Shape, rng: np.random.Generator | None = None) -> np.ndarray:
    """Uniform on ±√(6 / (in + out)), which has the same standard deviation as `xavier_normal`. Source: as there."""
    fan_out, fan_in = _fans(shape, "xavier_uniform")
    limit = np.sqrt(6 / (fan_in + fan_out))
    return _generator(rng).uniform(-limit, limit, shape)


def he_normal(shape: Shape, rng: np.random.Generator | None = None) -> np.ndarray:
    """Normal with standard deviation √(2 / in), for ReLU, which sets about half of the values to 0.

    Source: He, Zhang, Ren and Sun, 2015, "Delving deep into rectifiers".
    """
    _, fan_in = _fans(shape, "he_normal")
    return normal(shape, rng, np.sqrt(2 / fan_in))


def he_uniform(shape: Shape, rng: np.random.Generator | None = None) -> np.ndarray:
    """Uniform on ±√(6 / in), which has the same standard deviation as `he_normal`. Source: as there."""
    _, fan_in = _fans(shape, "he_uniform")
    limit = np.sqrt(6 / fan_in)
    return _generator(rng).uniform(-limit, limit, shape)


def _fans(shape: Shape, name: str) -> Shape:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(
            f"{name} needs the shape of a weight matrix, (out, in); given was {shape}. For a bias use zeros."
        )
    return shape


def _generator(rng: np.random.Generator | None) -> np.random.Generator:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"Random starting values need a generator, for example rng=np.random.default_rng(0); given was {rng!r}."
        )
    return rng
