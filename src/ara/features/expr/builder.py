"""The steps of an expression as it is read: each made once, with unit, warm-up and memory from what it takes."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import Any, Final

import numpy as np

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.expr.measure import is_turnover, price_power
from ara.features.expr.parts import COLUMNS, FUNCTIONS, LOGIC, LONGEST_WINDOW, OPERATORS, Function, negated
from ara.features.expr.program import Argument, Node, Program
from ara.features.expr.tokens import fault
from ara.features.expr.units import FREE, PRICE, VOLUME, Unit
from ara.features.indicator import Indicator, Scale

__all__ = ["Builder", "Given", "Value"]

_ATOM: Final = 9
_MOST_STEPS: Final = 200
_LONGEST_WARMUP: Final = 100_000
_ANY: Final = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a part of an expression stands for.

    Parameters
    ----------
    text
        The one way of writing it.
    binding
        How tightly its outermost sign binds.
    at
        Where it stands.
    number
        Its value, if it is a number.
    place
        The step that gives it, and which output of that; several where one has still to be chosen.
    outputs
        The outputs that one has still to be chosen of.
    """

    text: str
    binding: int = _ATOM
    at: int
    number: float | None = None
    place: tuple[int, int] = (-1, 0)
    outputs: tuple[str, ...] = ()

    @property
    def argument(self) -> Argument:
        """What a step takes of it."""
        return self.place if self.number is None else self.number

    def within(self, binding: int) -> str:
        """Give its text as part of something that binds so tightly."""
        return self.text if self.binding >= binding else f"({self.text})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What stands between the parentheses of a call.

    Parameters
    ----------
    values
        By position.
    named
        Name, value and place of those that are named.
    """

    values: tuple[Value, ...] = ()
    named: tuple[tuple[str, Value, int], ...] = ()


@dataclass(slots=True)
class Builder:
    """Makes the steps of one expression.

    Parameters
    ----------
    source
        The expression as written, for the errors.
    """

    source: str
    uses: dict[str, dict[str, Any]] = field(default_factory=dict)
    _nodes: list[Node] = field(default_factory=list)
    _known: dict[str, int] = field(default_factory=dict)

    def number(self, value: float, at: int) -> Value:
        """Take a number."""
        return Value(text=f"{value:.12g}", number=value, at=at, binding=_ATOM if value >= 0 else 7)

    def name(self, name: str, at: int) -> Value:
        """Take a name that stands alone: a column, or an indicator with its defaults."""
        if name not in COLUMNS:
            return self.call(name, Given(), at)
        unit = VOLUME if name == "volume" else PRICE
        node = Node(text=name, column=name, units=(unit,), bounds=((0.0, np.inf),))
        return Value(text=name, at=at, place=(self._place(node, at), 0))

    def sign(self, sign: str, one: Value, other: Value, at: int) -> Value:
        """Put two figures together by a sign between them."""
        one, other = self._chosen(one), self._chosen(other)
        operator = OPERATORS[sign]
        if one.number is not None and other.number is not None:
            return self._folded(operator.run, (one, other), at)
        left = operator.binding + (sign == "**" or operator.binding == 4)
        right = operator.binding + (sign != "**")
        text = f"{one.within(left)} {sign} {other.within(right)}"
        unit = self._unit_of(sign, one, other)
        node = self._each(text, operator.run, (one, other), unit, operator.bounds)
        return Value(text=text, binding=operator.binding, at=at, place=(self._place(node, at), 0))

    def negative(self, one: Value, at: int) -> Value:
        """Take a figure with the other sign."""
        one = self._chosen(one)
        if one.number is not None:
            return self.number(-one.number, at)
        text = f"-{one.within(7)}"
        node = self._each(text, np.negative, (one,), self._unit(one).by_number(-1.0), _ANY)
        return Value(text=text, binding=7, at=at, place=(self._place(node, at), 0))

    def denied(self, one: Value, at: int) -> Value:
        """Take the opposite of a truth."""
        one = self._chosen(one)
        if one.number is not None:
            return self.number(float(one.number == 0), at)
        text = f"not {one.within(3)}"
        unit = FREE if self._unit(one).free else self._unit(one).lost()
        node = self._each(text, negated, (one,), unit, (0.0, 1.0))
        return Value(text=text, binding=3, at=at, place=(self._place(node, at), 0))

    def call(self, name: str, given: Given, at: int) -> Value:
        """Call a function, or an indicator."""
        given = Given(values=tuple(map(self._chosen, given.values)), named=given.named)
        if name in FUNCTIONS:
            return self._function(name, FUNCTIONS[name], given, at)
        return self._indicator(name, given, at)

    def output(self, one: Value, name: str, at: int) -> Value:
        """Choose an output of an indicator."""
        call = self._nodes[one.place[0]].call if one.number is None else None
        if call is None or one.binding != _ATOM:
            raise fault(self.source, at, f"{one.text:.40} has no outputs; only an indicator has, as macd(close).line")
        names = call.spec.outputs
        if len(names) > 1 and not one.outputs:
            raise fault(self.source, at, f"{one.text:.40} is one output already")
        if name not in names:
            raise fault(self.source, at, f"{call.spec.name} has no output {name:.40}; it has {', '.join(names)}")
        text = f"{self._nodes[one.place[0]].text}.{name}" if len(names) > 1 else one.text
        return Value(text=text, at=one.at, place=(one.place[0], names.index(name)))

    def finish(self, one: Value) -> tuple[Program, str]:
        """Give the steps, and the one way of writing the expression."""
        one = self._chosen(one)
        if one.number is not None:
            raise fault(self.source, one.at, "it is a number and looks at no bar; name a column such as close")
        return Program(nodes=tuple(self._nodes), value=one.place), one.text

    def _function(self, name: str, function: Function, given: Given, at: int) -> Value:
        least, most = function.series
        values, number = list(given.values), 0
        if function.number:
            number = self._count(name, function, given, at)
            values = values[: most if len(values) > most else len(values)]
        elif given.named:
            raise fault(self.source, given.named[0][2], f"{name} has nothing called {given.named[0][0]:.40}")
        if not least <= len(values) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            more = f" and {function.number}, a whole number" if function.number else ""
            raise fault(self.source, at, f"{name} takes {wanted} figure{'s' * (most > 1)}{more}: {function.words}")
        run = partial(_numbered, function.run, number) if function.number else function.run
        if all(one.number is not None for one in values):
            if function.number:
                raise fault(self.source, values[0].at, f"{name} looks back at a figure of bars, and this is a number")
            return self._folded(run, values, at)
        told = [one.text for one in values] + ([str(number)] if function.number else [])
        text = f"{name}({', '.join(told)})"
        lead = values[:1] if name == "where" else []
        unit = function.unit(*map(self._unit, lead), *self._units(values[len(lead) :]))
        node = self._each(
            text, run, values, unit, function.bounds, delay=function.delay(number), reach=function.reach(number)
        )
        return Value(text=text, at=at, place=(self._place(node, at), 0))

    def _count(self, name: str, function: Function, given: Given, at: int) -> int:
        """Give the whole number that comes after a function's figure."""
        told = list(given.values[function.series[1] :]) + [value for _, value, _ in given.named]
        for called, _, place in given.named:
            if called != function.number:
                raise fault(self.source, place, f"{name} has nothing called {called:.40}; it has {function.number}")
        if not told and function.default:
            return function.default
        if len(told) != 1:
            place = told[1].at if told else at
            raise fault(self.source, place, f"{name} takes a figure and {function.number}, one whole number")
        value = told[0].number
        if value is None or value != int(value) or not function.fewest <= value <= LONGEST_WINDOW:
            allowed = f"a whole number from {function.fewest} to {LONGEST_WINDOW}"
            raise fault(self.source, told[0].at, f"{function.number} of {name} is {told[0].text:.40}; it is {allowed}")
        return int(value)

    def _indicator(self, name: str, given: Given, at: int) -> Value:
        found = self._found(name, at)
        spec = found.spec
        values, params = self._arguments(found, given, at)
        raw = values is None
        inputs = [self._input(one, at) for one in spec.inputs] if values is None else values
        told = [] if raw else [one.text for one in inputs]
        apart = {key: value for key, value in params.items() if value != spec.params[key].default}
        told += [f"{key}={value:.12g}" for key, value in sorted(apart.items())]
        name = spec.name  # others may call it otherwise: one way of writing it
        text = f"{name}({', '.join(told)})" if told else name
        reach = found.memory(**params)
        if reach is None and spec.step is None:
            raise fault(self.source, at, f"{name} depends on all bars and can't be told one bar more")
        unit = self._scaled(found, params, dict(zip(spec.inputs, self._units(inputs), strict=True)))
        node = Node(
            text=text,
            args=tuple(one.argument for one in inputs),
            call=found,
            params=tuple(params.items()),
            delay=spec.warmup(**params),
            reach=reach,
            units=(unit,) * len(spec.outputs),
            bounds=tuple(spec.bounds[output] if raw else _ANY for output in spec.outputs),
        )
        self.uses[text] = {
            "indicator": name,
            "formula": spec.formula,
            "inputs": list(spec.inputs),
            "params": dict(params),
        }
        if code := getattr(found, "code", ""):  # another package's
            self.uses[text]["code"] = code
        place = self._place(self._counted(node), at)
        return Value(text=text, at=at, place=(place, 0), outputs=spec.outputs if len(spec.outputs) > 1 else ())

    def _found(self, name: str, at: int) -> Indicator:
        if name == "session":
            raise fault(self.source, at, f"session is no column; there are {', '.join(COLUMNS)}")
        try:
            return catalogue.get(name)
        except FeatureEngineeringError:
            near = difflib.get_close_matches(name, [*COLUMNS, *FUNCTIONS, *LOGIC, *catalogue.names()], n=3)
            guess = f". Did you mean {' or '.join(near)}?" if near else ""
            words = f"there is no column, function or indicator {name:.40}{guess}"
            columns, functions = ", ".join(COLUMNS), " ".join(sorted(FUNCTIONS))
            hint = f"Columns: {columns}. Functions: {functions}. Indicators: ara indicators list"
            raise fault(self.source, at, words, hint=hint) from None

    def _arguments(self, found: Indicator, given: Given, at: int) -> tuple[list[Value] | None, dict[str, float]]:
        """Tell a call's figures from its parameters: figures come first, all of them or none."""
        spec = found.spec
        series = [one for one in given.values if one.number is None]
        numbers = given.values[len(series) :]
        stray = next((one for one in numbers if one.number is None), None)
        if stray is not None:
            raise fault(self.source, stray.at, f"figures come before the numbers in {spec.name}")
        if series and len(series) != len(spec.inputs):
            wanted = ", ".join(spec.inputs)
            raise fault(self.source, series[-1].at, f"{spec.name} is made of {wanted}: give all of them, or none")
        if len(numbers) > len(spec.params):
            place = numbers[len(spec.params)].at
            raise fault(self.source, place, f"{spec.name} has no more parameters; {_listed(found)}")
        pairs = list(zip(spec.params, numbers, [one.at for one in numbers], strict=False)) + list(given.named)
        chosen: dict[str, float] = {}
        for key, value, place in pairs:
            if key not in spec.params:
                raise fault(self.source, place, f"{spec.name} has no parameter {key:.40}; {_listed(found)}")
            if key in chosen:
                raise fault(self.source, place, f"{key} is given twice")
            if value.number is None:
                raise fault(self.source, value.at, f"{key} of {spec.name} is a number, not a figure of bars")
            chosen[key] = value.number
            try:
                spec.resolve(chosen)
            except FeatureEngineeringError as error:
                raise fault(self.source, value.at, error.message.rstrip(".")) from None
        raw = not series or [one.text for one in series] == list(spec.inputs)
        return (None if raw else series), spec.resolve(chosen)

    def _input(self, name: str, at: int) -> Value:
        if name != "session":
            return self.name(name, at)
        node = Node(text="session", column="session", units=(FREE,), bounds=(_ANY,))
        return Value(text=name, at=at, place=(self._place(node, at), 0))

    def _scaled(self, found: Indicator, params: dict[str, float], units: dict[str, Unit]) -> Unit:
        """Give the unit of an indicator's outputs from those of what it is told."""
        volume = units.get("volume", VOLUME)
        prices = [unit for name, unit in units.items() if name not in {"volume", "session"}]
        price = prices[0] if prices else PRICE
        alike = all(one.same(price) for one in prices) and volume.same(volume)
        if not alike or price.shift != FREE.shift or volume.shift != FREE.shift:
            return next((one for one in prices if not one.same(price)), volume).lost(price)
        scale = found.spec.scale_of(params)
        if scale is Scale.FREE:
            return FREE
        if scale is Scale.PRICE:
            return price
        if scale is Scale.MIXED and not (prices and is_turnover(found, tuple(params.items()))):
            return reduce(Unit.lost, units.values(), FREE)
        power = price_power(found, tuple(params.items())) if prices else 0.0
        return volume.times(price.to_power(power)) if power else volume

    def _unit_of(self, sign: str, one: Value, other: Value) -> Unit:
        if sign == "*" and other.number is not None:
            return self._unit(one).by_number(other.number)
        if sign == "*" and one.number is not None:
            return self._unit(other).by_number(one.number)
        if sign == "/" and other.number is not None:
            return self._unit(one).by_number(1.0 / other.number if other.number else 0.0)
        if sign == "**" and other.number is not None:
            return self._unit(one).to_power(other.number)
        if sign in ("*", "/", "**", *LOGIC):
            return OPERATORS[sign].unit(self._unit(one), self._unit(other))
        return OPERATORS[sign].unit(*self._units((one, other)))

    def _units(self, values: Sequence[Value]) -> list[Unit]:
        """Give the units of figures side by side; 0 is 0 in any of them."""
        real = next((self._unit(one) for one in values if one.number is None), FREE)
        neutral = real if real.shift == FREE.shift else FREE
        return [neutral if one.number == 0 else self._unit(one) for one in values]

    def _unit(self, one: Value) -> Unit:
        return FREE if one.number is not None else self._nodes[one.place[0]].units[one.place[1]]

    def _chosen(self, one: Value) -> Value:
        if one.outputs:
            several = ", ".join(f".{name}" for name in one.outputs)
            raise fault(self.source, one.at, f"{one.text:.40} has several outputs; choose one of {several}")
        return one

    def _folded(self, run: Callable[..., Any], values: Sequence[Value], at: int) -> Value:
        with np.errstate(all="ignore"):
            found = float(run(*(np.float64(one.number) for one in values)))
        if not np.isfinite(found):
            raise fault(self.source, at, "this has no value, or too large a one")
        return self.number(found, values[0].at)

    def _each(
        self,
        text: str,
        run: Callable[..., Any],
        values: Sequence[Value],
        unit: Unit,
        bounds: tuple[float, float],
        **past: Any,
    ) -> Node:
        args = tuple(one.argument for one in values)
        return self._counted(Node(text=text, args=args, run=run, units=(unit,), bounds=(bounds,), **past))

    def _counted(self, node: Node) -> Node:
        """Add up warm-up and memory."""
        before = [self._nodes[arg[0]] for arg in node.args if isinstance(arg, tuple)]
        warmup = max(one.warmup for one in before) + node.delay
        known = [one.memory for one in before]
        memory = None
        if node.reach is not None and None not in known:
            memory = max(one for one in known if one is not None) + node.reach - 1
        return replace(node, warmup=warmup, memory=memory)

    def _place(self, node: Node, at: int) -> int:
        if node.text in self._known:
            return self._known[node.text]
        if len(self._nodes) >= _MOST_STEPS:
            raise fault(self.source, at, f"it has more than {_MOST_STEPS} steps")
        if node.warmup > _LONGEST_WARMUP:
            raise fault(
                self.source, at, f"it looks back over {node.warmup} bars; at most {_LONGEST_WARMUP} are allowed"
            )
        self._nodes.append(node)
        self._known[node.text] = len(self._nodes) - 1
        return len(self._nodes) - 1


def _numbered(run: Callable[..., Any], number: int, values: Any) -> Any:
    return run(values, number)


def _listed(found: Indicator) -> str:
    params = [f"{name} ({one.low:g} to {one.high:g})" for name, one in found.spec.params.items()]
    return f"it has {', '.join(params)}" if params else "it has none"
