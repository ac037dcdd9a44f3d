"""Which nodes of a graph belong together: the neurons of a network, or its layers."""

from .reading import Reading

_ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus")
_WEIGHTED_SUM = ("multiply", "matmul", "add", "subtract", "transpose")


def neurons(reading: Reading) -> dict[str, list[int]]:
    """The neurons in a graph, as name -> numbers of its nodes; empty unless there are at least two.

    A neuron is an activation with the weighted sum before it, as far back as nothing else uses its parts. With
    arrays it is a layer. Leaves called x or x1, x2, … stay outside: they are what is fed in.
    """
    users: list[set[int]] = [set() for _ in reading.nodes]
    for source, target, _ in reading.links:
        users[source].add(target)
    found: dict[str, list[int]] = {}
    taken: set[int] = set()
    for k, node in enumerate(reading.nodes):
        if node.operation is None or node.operation.name not in _ACTIVATIONS:
            continue
        members = {k}
        waiting = list(reading.inputs[k])
        while waiting:
            i = waiting.pop()
            part = reading.nodes[i]
            if i in members or i in taken or not users[i] <= members:
                continue
            if part.operation is None:
                if reading.names[i].startswith("x"):
                    continue
            elif part.operation.name not in _WEIGHTED_SUM:
                continue
            members.add(i)
            waiting += reading.inputs[i]
        if len(members) > 1:
            taken |= members
            kind = "layer" if node.ndim else "neuron"
            found[f"{kind} {reading.names[k]}"] = sorted(members)
    return found if len(found) > 1 else {}
