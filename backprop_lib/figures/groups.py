"""Which nodes of a graph belong together: the neurons of a network, or its layers."""

from collections.abc import Collection, Mapping
from typing import Any

from ..tensor import Tensor
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


def numbers_of_groups(reading: Reading, groups: Mapping[str, Collection[Tensor]]) -> dict[str, list[int]]:
    """Groups of Tensors as name -> numbers of nodes. Says in the nodes' names what cannot have a frame."""
    numbered: dict[str, list[int]] = {}
    group_of: dict[int, str] = {}
    for group, members in groups.items():
        if isinstance(members, Tensor | str) or not isinstance(members, Collection):
            raise TypeError(
                f"The group {group!r} must be a list of Tensors; given was {_called(members)}. "
                f"For one Tensor write {{{group!r}: [tensor]}}."
            )
        numbered[group] = []
        for member in members:
            if not isinstance(member, Tensor):
                raise TypeError(
                    f"The group {group!r} holds {_called(member)}. Give the Tensors themselves, not their names."
                )
            k = reading.number_of.get(member)
            if k is None:
                raise ValueError(
                    f"The group {group!r} holds {_called(member)}, which is no node of this graph. "
                    f"Its nodes are {', '.join(reading.names)}."
                )
            if group_of.setdefault(k, group) != group:
                raise ValueError(
                    f"{reading.names[k]} is in the groups {group_of[k]!r} and {group!r}; a node can be in one."
                )
            if k not in numbered[group]:
                numbered[group].append(k)
    for group in numbered:
        outside = _way_back(reading, group, group_of)
        if outside:
            raise ValueError(
                f"The frame {group!r} cannot be drawn: a path leaves it and comes back, over {', '.join(outside)}. "
                "Take what lies between into the group, or leave a node out of it."
            )
    return numbered


def _way_back(reading: Reading, group: str, group_of: dict[int, str]) -> list[str]:
    """The nodes and groups on a path out of a group and back into it; empty if there is none."""
    place = [group_of.get(k, k) for k in range(len(reading.nodes))]  # a frame is one place, and so is a lone node
    users: dict[int | str, dict[int | str, None]] = {}
    for source, target, _ in reading.links:
        if place[source] != place[target]:
            users.setdefault(place[source], {})[place[target]] = None
    came_from: dict[int | str, int | str] = {}
    waiting: list[int | str] = [group]
    while waiting:
        here = waiting.pop()
        for there in users.get(here, ()):
            if there == group:
                path = []
                while here != group:
                    path.append(f"the group {here!r}" if isinstance(here, str) else reading.names[here])
                    here = came_from[here]
                return path[::-1]
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return []


def _called(given: Any) -> str:
    if not isinstance(given, Tensor):
        return f"{given!r}, a {type(given).__name__}"
    return f"the Tensor {given.name!r}" if given.name else f"a Tensor of shape {given.shape} without a name"
