"""One training step with this library. `forward` computes the loss from `parameters`."""


def by_move(parameters, rate):
    for p in parameters:
        p.move(-rate * p.grad)


def by_data(parameters, rate):
    for p in parameters:
        p.data -= rate * p.grad


def built_anew(parameters, forward, rate, update=by_move):
    """The graph is built anew in each step."""

    def step():
        for p in parameters:
            p.zero_grad()
        loss = forward()
        loss.backward()
        update(parameters, rate)
        return loss

    return step


def replayed(parameters, forward, rate, update=by_move):
    """The graph is built once; each step computes its values anew."""
    from backprop_lib import Graph

    graph = Graph(forward())

    def step():
        for p in parameters:
            p.zero_grad()
        loss = graph.forward().item()
        graph.backward()
        update(parameters, rate)
        return loss

    return step
