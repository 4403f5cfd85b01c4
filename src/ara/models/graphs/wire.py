"""What a stranger's graph may be, read from its bytes before anything runs it: no code, no other files, only sums.

An ONNX file is a protocol buffer. It is walked here without the package onnx, which serving does not need: messages
within messages are opened as far as they can name an operator, a size, a further graph or another file; all else is
skipped.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from ara.errors import ModelError
from ara.models.graphs.sizes import Node, Tensor, refuse_growth

__all__ = ["LARGEST", "OPERATORS", "refuse_strange"]

LARGEST: Final = 256 << 20
"""Bytes that a graph may have."""

_NODES: Final = 20_000
_DEEPEST: Final = 8

_PLAIN: Final = """
Abs Add And ArgMax ArgMin Atan AveragePool BatchNormalization Cast CastLike Ceil Clip Concat Constant
ConstantOfShape Conv ConvInteger Cos CumSum DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf
Exp Expand Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization IsInf IsNaN LSTM
LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul MatMulInteger Max MaxPool Mean Min Mish Mod Mul
Neg Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN RMSNormalization Range Reciprocal
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
Relu Reshape Round ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Size Slice Softmax Softplus Softsign Split
Sqrt Squeeze Sub Sum Swish Tan Tanh Tile TopK Transpose Trilu Unsqueeze Where Xor
"""
_LEARNED: Final = "ArrayFeatureExtractor Imputer LinearRegressor Normalizer Scaler TreeEnsemble TreeEnsembleRegressor"
_QUANTISED: Final = "DynamicQuantizeLSTM DynamicQuantizeMatMul FusedMatMul MatMulIntegerToFloat"

OPERATORS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(_PLAIN.split()),
    "ai.onnx": frozenset(_PLAIN.split()),
    "ai.onnx.ml": frozenset(_LEARNED.split()),
    "com.microsoft": frozenset(_QUANTISED.split()),
}
"""Operators that a graph may have, by domain: they compute, always the same, in one pass."""

_RUNS: Final = {
    0x3D: re.compile(rb"(?:\x3d.{4})++", re.DOTALL),
    0x40: re.compile(rb"(?:\x40[\x80-\xff]{0,9}+[\x00-\x7f])++", re.DOTALL),
    0x4A: re.compile(rb"(?:\x4a(?:\x0aBRANCH_LEQ|\x09BRANCH_LT|\x0aBRANCH_GTE|\x09BRANCH_GT|\x04LEAF))++", re.DOTALL),
}
_VARINT, _WIDE, _BLOCK, _NARROW = 0, 1, 2, 5
_WIDEST: Final = 0xFFFFFFFF  # other readers take but these bits of a tag, and would see another field there

_MANY: Final = 0x40
_FEW: Final = 64
_LONG: Final = 10 * _FEW
_WIDTHS: Final = {6: 4, 7: 8, 9: 1}  # of 32 and 64 bits, and of yes or no
_SIGN: Final = 1 << 63
_ALL: Final = (1 << 64) - 1

_Span = tuple[int, int]


def refuse_strange(graph: bytes) -> None:
    """Raise if the bytes are no ONNX graph, or one that could do more than compute, or ask for too large a tensor."""
    if len(graph) > LARGEST:
        raise ModelError(f"the graph has {len(graph) >> 20} MB; at most {LARGEST >> 20} MB are run")
    walk = _Walk(graph)
    try:
        walk.model()
    except (IndexError, UnicodeDecodeError) as error:
        raise _damaged() from error
    if not walk.nodes:
        raise ModelError("the graph is damaged: nothing is computed in it")
    refuse_growth(walk.told, walk.kept)


class _Walk:
    def __init__(self, graph: bytes) -> None:
        self.graph = graph
        self.nodes = 0
        self.told: list[Node] = []
        self.kept: dict[str, Tensor] = {}
        self.skipped = False

    def model(self) -> None:
        for number, value in self._fields((0, len(self.graph))):
            if number in {20, 25}:
                raise ModelError("the graph brings functions of its own, or training; such a graph is not run")
            if number == 7:
                self._graph(_span(value), 0)

    def _graph(self, span: _Span, depth: int) -> None:
        if depth > _DEEPEST:
            raise ModelError("the graph has graphs within graphs without end; such a graph is not run")
        for number, value in self._fields(span):
            if number == 1:
                self._node(_span(value), depth)
            elif number == 5:
                name, tensor = self._tensor(_span(value))
                if not depth:
                    self.kept[name] = tensor
            elif number == 15:
                self._sparse(_span(value))

    def _node(self, span: _Span, depth: int) -> None:
        operator = domain = ""
        ends: dict[int, list[str]] = {1: [], 2: []}
        steps: dict[str, tuple[int, ...] | None] = {}
        constant: Tensor | None = None
        self.nodes += 1
        if self.nodes > _NODES:
            raise ModelError(f"the graph has more than {_NODES} nodes; such a graph is not run")
        for number, value in self._fields(span):
            if number == 4:
                operator = self._text(_span(value))
            elif number == 7:
                domain = self._text(_span(value))
            elif number == 5:
                name, numbers, tensor = self._attribute(_span(value), depth)
                earlier = steps.get(name, ())
                steps[name] = None if earlier is None or numbers is None else earlier + numbers
                if tensor is not None:
                    constant = tensor if constant is None else Tensor(constant.elements + tensor.elements, None)
            elif number in ends:
                ends[number].append(self._text(_span(value)))
        if operator not in OPERATORS.get(domain, ()):
            whole = f"{domain}.{operator}" if domain else operator
            raise ModelError(
                f"the graph uses the operator {whole[:80]!r}, which is not among those that are run",
                hint="Allowed are the operators in ara.models.graphs.wire.OPERATORS: arithmetic, and no control flow.",
            )
        if not depth:
            held = constant if operator in {"Constant", "ConstantOfShape"} else None
            self.told.append(Node(operator=operator, inputs=ends[1], outputs=ends[2], steps=steps, constant=held))

    def _attribute(self, span: _Span, depth: int) -> tuple[str, tuple[int, ...] | None, Tensor | None]:
        """Give an attribute's name, its whole numbers (None where they are not told), and its constant."""
        name, numbers, tensor = "", list[int](), None
        self.skipped = False
        for number, value in self._fields(span):
            if number == 1:
                name = self._text(_span(value))
            elif number in {3, 8}:
                numbers += self._whole(value)
            elif number in {5, 10}:
                _, tensor = self._tensor(_span(value))
            elif number in {6, 11}:
                self._graph(_span(value), depth + 1)
            elif number in {22, 23}:
                self._sparse(_span(value))
        known = None if self.skipped else tuple(numbers)
        if tensor is None and name in {"value_int", "value_ints"}:
            tensor = Tensor(len(numbers), known)
        return name, known, tensor

    def _sparse(self, span: _Span) -> None:
        for number, value in self._fields(span):
            if number in {1, 2}:
                self._tensor(_span(value))

    def _tensor(self, span: _Span) -> tuple[str, Tensor]:
        """Give a constant's name, and what is known of it."""
        name, elements, kind, numbers, raw = "", 1, 0, list[int](), b""
        for number, value in self._fields(span):
            if number == 13 or (number == 14 and value != 0):
                raise ModelError("the graph keeps numbers in another file; a graph that is run has all of its own")
            if number == 1:
                elements *= math.prod(self._whole(value))
            elif number == 2 and isinstance(value, int):
                kind = value
            elif number in {5, 7}:
                numbers += self._whole(value) if len(numbers) <= _FEW else []
            elif number == 8:
                name = self._text(_span(value))
            elif number == 9:
                place, end = _span(value)
                raw = self.graph[place : min(end, place + _LONG)]
        width = _WIDTHS.get(kind)
        if width is None or not 0 <= elements <= _FEW:
            return name, Tensor(max(elements, 1), None)
        for place in range(0, len(raw), width):
            numbers.append(int.from_bytes(raw[place : place + width], "little", signed=True))
        return name, Tensor(elements, tuple(numbers) if len(numbers) == elements else None)

    def _whole(self, value: "int | _Span") -> list[int]:
        """Give whole numbers, one or packed, with their signs."""
        found = []
        if isinstance(value, int):
            found.append(value)
        else:
            place, end = value
            self.skipped |= end - place > _LONG
            while place < end <= value[0] + _LONG:
                number, place = self._varint(place, end)
                found.append(number)
        return [(one & _ALL) - (1 << 64) if one & _SIGN else one & _ALL for one in found]

    def _text(self, span: _Span) -> str:
        return self.graph[span[0] : span[1]].decode()

    def _fields(self, span: _Span) -> Iterator[tuple[int, int | _Span]]:
        """Give the number of each field, and what it holds: where that is, or the number itself."""
        graph, (place, end) = self.graph, span
        while place < end:
            many = _RUNS.get(graph[place])
            if many is not None and (run := many.match(graph, place, end)) is not None and run.end() > place + 24:
                self.skipped |= graph[place] == _MANY
                place = run.end()
                continue
            tag, place = self._varint(place, end)
            if tag > _WIDEST:
                raise _damaged()
            kind = tag & 7
            if kind == _VARINT:
                number, place = self._varint(place, end)
                yield tag >> 3, number
                continue
            size = {_WIDE: 8, _NARROW: 4}.get(kind, -1)
            if kind == _BLOCK:
                size, place = self._varint(place, end)
            if size < 0 or place + size > end:
                raise _damaged()
            yield tag >> 3, (place, place + size)
            place += size

    def _varint(self, place: int, end: int) -> tuple[int, int]:
        value = shift = 0
        while place < end and shift < 70:
            byte = self.graph[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, place
            shift += 7
        raise _damaged()


def _span(value: "int | _Span") -> _Span:
    if isinstance(value, int):
        raise _damaged()
    return value


def _damaged() -> ModelError:
    return ModelError("the graph is damaged: it is not built as ONNX graphs are")
