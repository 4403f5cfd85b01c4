"""How large a stranger's graph may make its tensors, as its constants tell it before anything runs them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ara.errors import ModelError

__all__ = ["LARGEST_AT_ONCE", "LARGEST_GROWTH", "LARGEST_STEP", "Node", "Tensor", "refuse_growth"]

LARGEST_AT_ONCE: Final = 24
"""By how much one node may make a tensor larger, as a power of two."""

LARGEST_GROWTH: Final = 36
"""By how much all nodes on the way to a tensor may together, as a power of two, joints of tensors included."""

LARGEST_STEP: Final = 4096
"""The largest kernel, stride, dilation or padding."""

_UNTOLD: Final = math.inf
_SIDE: Final = 10.0  # a side of the input's shape beside another one, as a power of two
_STEPS: Final = frozenset({"pads", "kernel_shape", "strides", "dilations", "output_padding", "output_shape"})
_PASSED: Final = frozenset(
    {
        "Cast",
        "Transpose",
        "Identity",
        "Reshape",
        "Slice",
        "Squeeze",
        "Unsqueeze",
        "Gather",
        "Neg",
        "Abs",
        "Floor",
        "Ceil",
        "Flatten",
    }
)
_MULTIPLIED: Final = frozenset({"Concat", "Mul", "Add", "Sub", "Pow", "ReduceProd", "ReduceSum", "Sum", "CumSum"})
_CHOSEN: Final = frozenset({"Max", "Min", "Mod", "Div", "ReduceMax", "ReduceMin"})
_FROM_NOTHING: Final = frozenset({"ConstantOfShape", "Range"})
_WEIGHED: Final = frozenset({"Conv", "ConvInteger", "GRU", "Gemm", "LSTM", "MatMul", "MatMulInteger", "RNN"})
_PICKED: Final = frozenset({"Gather", "GatherND", "GatherElements", "ArrayFeatureExtractor"})


class Tensor(NamedTuple):
    """A constant: its elements, and its values where they are few and whole numbers; None where they are not told."""

    elements: int
    values: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the graph, as far as sizes need it.

    Parameters
    ----------
    operator
        Its name.
    inputs, outputs
        Names of what it takes and gives; an empty one is left out.
    steps
        Whole numbers in its attributes, by name; those of one that is too long to be told are None.
    constant
        What it holds where it is a constant.
    """

    operator: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    steps: Mapping[str, tuple[int, ...] | None]
    constant: Tensor | None = None


class _Size(NamedTuple):
    """What a number that is a size can be: a power of two, times as many sides of the input's shape."""

    bits: float
    sides: int


def refuse_growth(nodes: Sequence[Node], kept: Mapping[str, Tensor]) -> None:
    """Raise where a graph asks for a tensor that is far larger than its input.

    Followed are nodes that are told their sizes, repeat, pad, pick or join, as far as constants and the shape of the
    input tell it. Not followed are sizes that are computed from features, and products of two tensors.

    Parameters
    ----------
    nodes
        In the order in which they run.
    kept
        Constants by name.
    """
    look = _Look(kept=dict(kept))
    for node in nodes:
        look.at(node)


@dataclass(slots=True)
class _Look:
    kept: dict[str, Tensor]
    sizes: dict[str, _Size] = field(default_factory=dict)
    growth: dict[str, float] = field(default_factory=dict)

    def at(self, node: Node) -> None:
        """Follow one node, and remember what is known of its outputs."""
        self._refuse_steps(node)
        size, grown = self._size(node), self._grown(node)
        before = (
            0.0 if node.operator in _FROM_NOTHING else max(map(self._grows, filter(None, node.inputs)), default=0.0)
        )
        if grown > LARGEST_GROWTH or grown - before > LARGEST_AT_ONCE:
            raise ModelError(
                f"the graph asks for a tensor far larger than its input: {node.operator} "
                f"{next(iter(node.outputs), '')!r:.60}",
                hint=f"One node may make it 2^{LARGEST_AT_ONCE} times as large, all together 2^{LARGEST_GROWTH} times.",
            )
        for name in node.outputs:
            self.growth[name] = grown
            self.sizes[name] = size
            if node.operator == "Constant" and node.constant is not None:
                self.kept[name] = node.constant

    def _refuse_steps(self, node: Node) -> None:
        for name, values in node.steps.items():
            if name in _STEPS and (values is None or any(abs(one) > LARGEST_STEP for one in values)):
                raise ModelError(f"the graph has a {node.operator} with {name} over {LARGEST_STEP}; it is not run")

    def _grows(self, name: str) -> float:
        """Give how many numbers a tensor has at most, as a power of two."""
        if name in self.kept:
            return math.log2(max(self.kept[name].elements, 1))
        return self.growth.get(name, 0.0)

    def _told(self, name: str) -> _Size:
        """Give what a number used as a size can be."""
        if name in self.kept:
            values = self.kept[name].values
            if values is None:
                return _Size(_UNTOLD, 0)
            return _Size(sum(math.log2(max(abs(one), 1)) for one in values), 0)
        return self.sizes.get(name, _Size(_UNTOLD, 0))

    def _size(self, node: Node) -> _Size:
        """Give what a node's output can be where it is used as a size."""
        if node.operator in {"Shape", "Size"}:
            return _Size(0.0, 1)
        if node.operator == "ConstantOfShape":
            return self._filled(node)
        told = [self._told(name) for name in node.inputs if name]
        if not told:
            return _Size(_UNTOLD, 0)
        if node.operator in _PASSED:
            return told[0]
        if node.operator in _MULTIPLIED:
            whole = self._product(node.inputs)
            return _Size(whole.bits + len(told), whole.sides)
        if node.operator in _CHOSEN:
            return _Size(max(one.bits for one in told), max(one.sides for one in told))
        if node.operator == "Where":
            return _Size(max(one.bits for one in told[1:]), max(one.sides for one in told[1:]))
        return _Size(_UNTOLD, 0)

    def _filled(self, node: Node) -> _Size:
        """Give what as many sizes of one value can be."""
        values = (0,) if node.constant is None else node.constant.values
        if not values:
            return _Size(_UNTOLD, 0)
        fill = math.log2(max(abs(values[0]), 1))
        count = self._told(node.inputs[0]) if fill and node.inputs else _Size(0.0, 0)
        return _Size(_UNTOLD if count.sides else fill * 2.0 ** min(count.bits, 64), 0)

    def _product(self, names: Sequence[str]) -> _Size:
        told = [self._told(name) for name in names if name]
        return _Size(sum(one.bits for one in told), sum(one.sides for one in told))

    def _asked(self, names: Sequence[str]) -> float:
        """Give how large the sizes are together, as a power of two; 0 where that is not told."""
        whole = self._product(names)
        return 0.0 if whole.bits == _UNTOLD else whole.bits + _SIDE * max(whole.sides - 1, 0)

    def _grown(self, node: Node) -> float:
        """Give how many numbers a node makes at most, as a power of two."""
        inputs = [name for name in node.inputs if name]
        weighed = node.operator in _WEIGHED
        largest = max((self._grows(name) for name in inputs if not (weighed and name in self.kept)), default=0.0)
        match node.operator:
            case "ConstantOfShape" | "Range":
                return self._asked(inputs)
            case "Expand" | "Tile" | "OneHot":
                return self._grows(inputs[0]) + self._asked(inputs[1:2]) if len(inputs) > 1 else largest
            case "Pad":
                pads = self.kept[inputs[1]].values if len(inputs) > 1 and inputs[1] in self.kept else None
                return largest + sum(math.log2(1 + abs(one)) for one in pads or ())
            case "Shape" | "Size":
                return 0.0
            case "Concat":
                return math.log2(sum(2.0 ** min(self._grows(name), 1000) for name in inputs)) if inputs else 0.0
            case "Einsum":
                return sum(self._grows(name) for name in inputs)
            case name if name in _PICKED and len(inputs) > 1:
                return self._grows(inputs[0]) + self._grows(inputs[1])
        return largest
