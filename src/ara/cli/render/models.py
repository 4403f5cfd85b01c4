"""Models on a terminal: the list, the card of one, how several did, what training gave."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ara.cli.render.data_table import Column, fits, left_out, stamp, table
from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, wrapped

if TYPE_CHECKING:
    from ara.cli.commands.models.learn import Learned
    from ara.models.registry import Kept, Score, Verified
    from ara.models.registry.ranked import Ranked
    from ara.models.registry.stages import Verdict

__all__ = ["card_of", "comparison", "learned_words", "table_of", "wholeness"]

_SHORT: Final = 8
_FEW: Final = 3
_EXPLAINED: Final = (
    "Skill: the share of ewma_t's error (CRPS) that was saved on bars the model did not know; in brackets, where it "
    "lies with 95 %."
)
_PLAIN: Final = "It learned nothing of its own: at the newest bars it answers as ewma_t does, to the last byte."


def table_of(
    found: "Sequence[Kept]", shipped: "Sequence[Kept]", s: Screen, *, family: str = "", only: bool = False
) -> str:
    """Give the list of models, and apart from them those that came with the package, or `only` these."""
    beside = ["", *_shipped(shipped, s)] if shipped else []
    if only and shipped:
        return "\n".join(beside[1:])
    if not found:
        what = f"There is no model of {clean(family)} like that." if family else "There is no model like that yet."
        return "\n".join([*wrapped(f"{what} Train one: ara models train AAPL --model har_t", s.width), *beside])
    columns = [
        Column(head="model", cells=[one.name for one in found]),
        Column(head="id", cells=[one.id[:_SHORT] for one in found], leave=1),
        Column(head="stage", cells=[one.stage.value for one in found]),
        Column(head="bars", cells=[_horizon(one) for one in found], right=True, leave=3),
        Column(head="skill", cells=[_skill(_first(one)) for one in found], right=True),
        Column(head="learned from", cells=[_symbols(one) for one in found], leave=4),
        Column(head="up to", cells=[f"{one.card.trained_to:%Y-%m-%d}" for one in found], leave=2),
        Column(head="trained", cells=[stamp(one.card.made_at, s) for one in found], leave=5),
    ]
    return "\n".join([*table(columns, s), *_quiet(_EXPLAINED, s), *beside])


def _shipped(found: "Sequence[Kept]", s: Screen) -> list[str]:
    columns = [
        Column(head="came with Ara", cells=[one.name for one in found]),
        Column(head="id", cells=[one.id[:_SHORT] for one in found], leave=1),
        Column(head="learned from", cells=[_symbols(one) for one in found], leave=3),
        Column(head="up to", cells=[f"{one.card.trained_to:%Y-%m-%d}" for one in found], leave=2),
    ]
    words = "The newest that knows nothing from after a forecast's moment answers where the family has no champion."
    return [*table(columns, s), *_quiet(words, s)]


def _first(kept: "Kept") -> "Score | None":
    return kept.card.scores[0] if kept.card.scores else None


def _horizon(kept: "Kept") -> str:
    first = _first(kept)
    return "" if first is None else str(first.horizon)


def _symbols(kept: "Kept") -> str:
    names = kept.card.symbols
    shown = " ".join(map(clean, names[:_FEW]))
    return shown if len(names) <= _FEW else f"{shown} and {len(names) - _FEW} more"


def _skill(score: "Score | None") -> str:
    """Give the skill with its bounds: `+1.4 % (+0.4 to +2.5)`."""
    if score is None:
        return "not judged"
    if score.low is None or score.high is None:
        return f"{percent(score.skill)} (too few days)"
    bounds = " to ".join(percent(one).removesuffix(" %") for one in (score.low, score.high))
    return f"{percent(score.skill)} ({bounds})"


def _stood(scores: "Sequence[Score]") -> str:
    """Say how many forecasts were left out since the price stood still."""
    still = max(one.still for one in scores)
    return f" Not judged: {still:,} forecasts made while the price stood still." if still else ""


def _scores(scores: "Sequence[Score]", s: Screen) -> list[str]:
    columns = [
        Column(head="bars ahead", cells=[str(one.horizon) for one in scores], right=True),
        Column(head="skill", cells=[_skill(one) for one in scores], right=True),
        Column(head="chance", cells=[f"{one.p:.3f}" for one in scores], right=True, leave=1),
        Column(head="error", cells=[f"{one.crps:.4f}" for one in scores], right=True, leave=3),
        Column(head="ewma_t's", cells=[f"{one.baseline:.4f}" for one in scores], right=True, leave=4),
        Column(
            head="in 80 % band", cells=[percent(one.inside_80, signed=False) for one in scores], right=True, leave=2
        ),
        Column(head="forecasts", cells=[f"{one.forecasts:,}" for one in scores], right=True, leave=5),
    ]
    return table(columns, s)


def card_of(kept: "Kept", found: "Verified", verdict: "Verdict", s: Screen, *, start: "Kept | None" = None) -> str:
    """Give all that is known of a model, what it is worth first; `start` is what it went on from, if that is there."""
    card, paint = kept.card, s.palette()
    lines = [paint(f"{kept.name}  {kept.stage.value}  {kept.id[:_SHORT]}", "strong")]
    said = f"{verdict.words[:1].upper()}{verdict.words[1:]}."
    lines += [paint(line, "strong" if verdict.beats else "warning") for line in wrapped(said, s.width)]
    if card.lineage.get("plain"):
        lines += [paint(line, "warning") for line in wrapped(_PLAIN, s.width)]
    if card.scores:
        lines += ["", *_scores(card.scores, s), *_quiet(_EXPLAINED + _stood(card.scores), s)]
    lines.append("")
    held = card.holdout
    params = ", ".join(f"{name} {_value(value)}" for name, value in sorted(card.params.items())) or "the family's own"
    rows = [
        ("Learned from", f"{', '.join(map(clean, card.symbols))}; bars of {card.timeframe}"),
        *([("Went on from", _start(card.lineage["start"], start))] if card.lineage.get("start") else []),
        ("Knows", f"{card.first:%Y-%m-%d} to {card.trained_to:%Y-%m-%d}; answers {_spans(card.horizons)} bars ahead"),
        (
            "Judged by",
            "nothing" if held is None else f"{held.first:%Y-%m-%d} to {held.last:%Y-%m-%d}; {_look(held.look)}",
        ),
        ("Parameters", clean(params)),
        ("Made", _made(kept, s)),
        ("Files", f"{len(card.files)}, {_state(found)}"),
    ]
    label = max(len(name) for name, _ in rows) + 2
    for name, text in rows:
        first, *more = wrapped(text, max(s.width - label - 2, 12))
        lines.append(f"  {paint(padded(name, label), 'quiet')}{first}")
        lines += [" " * (label + 2) + line for line in more]
    return "\n".join(lines)


def _start(id: str, start: "Kept | None") -> str:
    """Name the model that another went on from, and what that had learned from."""
    if start is None:
        return f"{id[:_SHORT]}, which is not here any more"
    return f"{start.name} ({id[:_SHORT]}), which learned from {_symbols(start)} up to {start.card.trained_to:%Y-%m-%d}"


def _value(value: object) -> str:
    """Give a parameter's value in words."""
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None or value == "" else str(value)


def _made(kept: "Kept", s: Screen) -> str:
    """Say when, and how long it took; of what came with the package, from what."""
    seed = f"seed {kept.card.seed}"
    if kept.stage.value == "shipped":
        return f"from the bundled sample, the same in every installation of this version; {seed}"
    return f"{stamp(kept.card.made_at, s, zoned=True)} in {kept.card.seconds:,.1f} s; {seed}"


def _look(number: int) -> str:
    return "the first look at them" if number == 1 else f"look {number} at them"


def _spans(horizons: Sequence[int]) -> str:
    whole = list(horizons) == list(range(horizons[0], horizons[-1] + 1))
    return f"{horizons[0]} to {horizons[-1]}" if whole and len(horizons) > 1 else ", ".join(map(str, horizons))


def _state(found: "Verified") -> str:
    if not found.ok:
        return found.words
    return f"whole, {_signed(found)}"


def _signed(found: "Verified") -> str:
    if found.kept.stage.value == "shipped":
        return f"signed by the key {found.fingerprint}, which this version of Ara names"
    return f"signed by {'this installation' if found.own else f'the trusted key {found.fingerprint}'}"


def comparison(found: "Sequence[Kept]", s: Screen, *, same: bool, ranked: "Ranked | str" = "") -> str:
    """Give several models side by side: what to make of it, how sure that is, and how each did on each horizon."""
    from ara.models.registry.ranked import Ranked

    ranks = ranked if isinstance(ranked, Ranked) else None
    lines = [s.palette()(line, "strong") for line in wrapped(ranks.words, s.width)] if ranks else []
    lines += [*_how_ranked(ranks, s), ""] if ranks else []
    head, beyond = _first_columns(found, ranks), _further(found)
    lines += table(head, s)
    if beyond:
        lines += ["", *_quiet("The same over more bars:", s), *_in_parts(beyond, s)]
    lines += ["", *_quiet(_EXPLAINED, s)]
    gone = left_out(head, s)
    if gone:
        lines += _quiet(f"For want of room without: {', '.join(gone)}. A wider screen or --json has them.", s)
    if not same:
        words = "They were not judged by the same bars, so one can't be set against the other."
        lines += [s.palette()(line, "warning") for line in wrapped(words, s.width)]
    elif isinstance(ranked, str) and ranked and len(found) > 1:
        lines += _quiet(f"They are not ranked: {ranked}.", s)
    return "\n".join(lines)


def _how_ranked(ranks: "Ranked", s: Screen) -> list[str]:
    from ara.models.registry.ranked import LEVEL

    sure = f"{1 - LEVEL:.0%}".replace("%", " %")
    return _quiet(
        f"Ranked over {_bars(ranks.horizon)} by {ranks.days:,} days: the set of those that "
        f"can't be told from the best holds the best with {sure}; p is the level at which one leaves it. ewma_t is "
        "ranked with them.",
        s,
    )


def _first_columns(found: "Sequence[Kept]", ranks: "Ranked | None") -> list[Column]:
    """Give the columns of the shortest horizon, and what stands beside it."""
    first = min((one.horizon for kept in found for one in kept.card.scores), default=1)
    own = [next((one for one in kept.card.scores if one.horizon == first), None) for kept in found]
    stays = ["" if ranks is None else "yes" if one.name in ranks.kept else "no" for one in found]
    return [
        Column(head="model", cells=[one.name for one in found]),
        Column(head="id", cells=[one.id[:_SHORT] for one in found], leave=5),
        Column(head="stage", cells=[one.stage.value for one in found], leave=2),
        Column(head="in set", cells=stays),
        Column(head="p", cells=["" if ranks is None else f"{ranks.p[one.name]:.3f}" for one in found], right=True),
        Column(head=_bars(first), cells=[_skill(one) if one else "" for one in own], right=True),
        Column(head="in 80 % band", cells=[_inside(kept) for kept in found], right=True, leave=3),
        Column(head="trained in", cells=[f"{kept.card.seconds:,.1f} s" for kept in found], right=True, leave=4),
    ]


def _further(found: "Sequence[Kept]") -> list[Column]:
    """Give the skill over the other horizons; none where there are none."""
    horizons = sorted({one.horizon for kept in found for one in kept.card.scores})[1:]
    by = [{one.horizon: one for one in kept.card.scores} for kept in found]
    columns = [
        Column(head=_bars(horizon), cells=[_skill(one[horizon]) if horizon in one else "" for one in by], right=True)
        for horizon in horizons
    ]
    return [Column(head="model", cells=[one.name for one in found]), *columns] if columns else []


def _in_parts(columns: list[Column], s: Screen) -> list[str]:
    """Give a table in as many parts, one below the other, as the screen needs; the first column begins each."""
    first, rest = columns[0], columns[1:]
    lines: list[str] = []
    while rest:
        count = next((n for n in range(len(rest), 1, -1) if fits([first, *rest[:n]], s)), 1)
        lines += table([first, *rest[:count]], s)
        rest = rest[count:]
    return lines


def _bars(horizon: int) -> str:
    return "1 bar" if horizon == 1 else f"{horizon} bars"


def _inside(kept: "Kept") -> str:
    first = _first(kept)
    return "" if first is None else percent(first.inside_80, signed=False)


def learned_words(found: "Sequence[Learned]", s: Screen) -> str:
    """Give what training gave: of one model its scores, of several a line each, and what to do next."""
    whole = [one for one in found if one.outcome is not None]
    if len(whole) == 1 and len(found) == 1:
        return _one_learned(whole[0], s)
    said = [comparison([one.outcome.kept for one in whole if one.outcome], s, same=True)] if whole else []
    winners = [one.outcome.kept for one in whole if one.outcome and one.verdict and one.verdict.beats]
    if winners:
        names = ", ".join(one.name for one in winners)
        said += wrapped(
            f"Surely better than ewma_t: {names}. Let one answer: ara models deploy {winners[0].name}", s.width
        )
    elif any(one.outcome and not one.outcome.words for one in whole):
        said += wrapped("After all looks at these bars, none is surely better than ewma_t.", s.width)
    plain = [one.outcome.kept.name for one in whole if one.outcome and one.outcome.kept.card.lineage.get("plain")]
    more = _unjudged(whole) + ([f"{', '.join(plain)}: {_PLAIN[:1].lower()}{_PLAIN[1:]}"] if plain else [])
    return "\n".join([*said, *(line for one in more for line in wrapped(one, s.width))])


def _unjudged(found: "Sequence[Learned]") -> list[str]:
    """Name those that were not judged, by the reason."""
    reasons: dict[str, list[str]] = {}
    for one in found:
        if one.outcome and one.outcome.words:
            reason = one.outcome.words.removeprefix("it was not judged").lstrip(":, ")
            reasons.setdefault(reason, []).append(one.outcome.kept.name)
    return [f"Not judged: {', '.join(names)} ({reason})." for reason, names in reasons.items()]


def _one_learned(one: "Learned", s: Screen) -> str:
    assert one.outcome is not None  # noqa: S101 - those that failed are told elsewhere
    assert one.verdict is not None  # noqa: S101 - it comes with the outcome
    kept, paint = one.outcome.kept, s.palette()
    how = "was trained" if one.outcome.new else "was here already, the same in every byte"
    how += f", going on from {one.outcome.start}" if one.outcome.start else ""
    lines = [paint(line, "strong") for line in wrapped(f"{kept.name} ({kept.id[:_SHORT]}) {how}.", s.width)]
    verdict = one.outcome.words or one.verdict.words
    words = f"{verdict[:1].upper()}{verdict[1:]}."
    lines += [paint(line, "strong" if one.verdict.beats else "warning") for line in wrapped(words, s.width)]
    if kept.card.lineage.get("plain"):
        lines += [paint(line, "warning") for line in wrapped(_PLAIN, s.width)]
    if kept.card.scores:
        lines += ["", *_scores(kept.card.scores, s), *_quiet(_EXPLAINED + _stood(kept.card.scores), s)]
    advice = f"Let it answer: ara models deploy {kept.name}" if one.verdict.beats else f"ara models show {kept.name}"
    return "\n".join([*lines, "", *wrapped(advice, s.width)])


def wholeness(found: "Sequence[Verified]") -> str:
    """Say that models are as they were trained."""
    if not found:
        return "There is no model yet."
    if len(found) == 1:
        return f"{found[0].kept.name} is whole: {len(found[0].kept.card.files)} files, {_signed(found[0])}."
    came = sum(one.kept.stage.value == "shipped" for one in found)
    strangers = sum(not one.own for one in found) - came
    signed = f"; {came} of them came with Ara" if came else ""
    signed += f"; {strangers} of them signed by trusted keys of others" if strangers else ""
    return f"All {len(found)} models are whole{signed}."


def _quiet(words: str, s: Screen) -> list[str]:
    return [s.palette()(line, "quiet") for line in wrapped(words, s.width)]
