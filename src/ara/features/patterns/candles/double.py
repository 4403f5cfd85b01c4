"""Candlesticks of two bars."""

from ara.features.patterns.candles.shape import MORRIS, Reading, candle, penetration

__all__ = [
    "cdl_counterattack",
    "cdl_dark_cloud_cover",
    "cdl_doji_star",
    "cdl_engulfing",
    "cdl_harami",
    "cdl_harami_cross",
    "cdl_homing_pigeon",
    "cdl_in_neck",
    "cdl_kicking",
    "cdl_kicking_by_length",
    "cdl_matching_low",
    "cdl_on_neck",
    "cdl_piercing",
    "cdl_separating_lines",
    "cdl_thrusting",
]


@candle(
    "CDLCOUNTERATTACK",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    rule="100 * colour if colour1 == -colour and body1 > usual1 and body > usual and abs(c - c1) <= same1 else 0",
)
def cdl_counterattack() -> None:
    """Two long bodies of different colours that close at one price: the second opened far away and came back.

    100 where the second is white. Read as the old side stopped for a day.
    """


@candle(
    "CDLDARKCLOUDCOVER",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    params={"penetration": penetration(0.5)},
    rule="-100 if white1 and body1 > usual1 and black and o > h1 and c > o1 and c < c1 - penetration * body1 else 0",
)
def cdl_dark_cloud_cover() -> None:
    """A long white body, then one that opens above its high and closes black, deep inside it.

    Read as a rise that failed at once; the deeper, the worse.
    """


@candle(
    "CDLDOJISTAR",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    rule="-100 * colour1 if body1 > usual1 and body <= tiny and (bottom > top1 if white1 else top < bottom1) else 0",
)
def cdl_doji_star() -> None:
    """A doji that stands apart from the long body before it: -100 above a white one, 100 below a black one.

    Read as a trend out of breath; textbooks wait for the next bar.
    """


@candle(
    "CDLENGULFING",
    bars=2,
    warmup=2,
    reading=Reading.TURN,
    rule="(100 if o != c1 and c != o1 else 80) * colour if colour1 == -colour and bottom <= bottom1 and top >= top1"
    " and body > body1 else 0",
)
def cdl_engulfing() -> None:
    """A body that holds the whole body before it, of the other colour.

    100 white over black, -100 black over white, 80 where one end is the same. Read as the other side taking over,
    more so after a long move.
    """


@candle(
    "CDLHARAMI",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    rule="(100 if top < top1 and bottom > bottom1 else 80) * -colour1 if body1 > usual1 and body <= usual"
    " and top <= top1 and bottom >= bottom1 else 0",
)
def cdl_harami() -> None:
    """A small body inside the long one before it.

    100 after a black one, -100 after a white one, 80 where one end is the same. Read as a trend that lost its push.
    """


@candle(
    "CDLHARAMICROSS",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    rule="(100 if top < top1 and bottom > bottom1 else 80) * -colour1 if body1 > usual1 and body <= tiny"
    " and top <= top1 and bottom >= bottom1 else 0",
)
def cdl_harami_cross() -> None:
    """A doji inside the long body before it; signs as in harami, and read as the stronger form of it."""


@candle(
    "CDLHOMINGPIGEON",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 if black1 and black and body1 > usual1 and body <= usual and o < o1 and c > c1 else 0",
)
def cdl_homing_pigeon() -> None:
    """A small black body inside a long black one.

    Read as a fall that slows down.
    """


@candle(
    "CDLINNECK",
    bars=2,
    warmup=11,
    reading=Reading.ONWARD,
    reference=MORRIS,
    rule="-100 if black1 and body1 > usual1 and white and o < l1 and c1 <= c <= c1 + same1 else 0",
)
def cdl_in_neck() -> None:
    """After a long black body a white one opens below its low and only just reaches its close.

    Read as a weak answer: the fall goes on.
    """


@candle(
    "CDLKICKING",
    bars=2,
    warmup=11,
    reading=Reading.EITHER,
    reference=MORRIS,
    rule="100 * colour if colour1 == -colour and body1 > usual1 and upper1 < tiny1 and lower1 < tiny1"
    " and body > usual and upper < tiny and lower < tiny and (l > h1 if black1 else h < l1) else 0",
)
def cdl_kicking() -> None:
    """Two marubozu of different colours with a gap between them: the market jumps over to the other side.

    100 where the second is white. Read as strong whatever the trend was; it is rare.
    """


@candle(
    "CDLKICKINGBYLENGTH",
    bars=2,
    warmup=11,
    reading=Reading.EITHER,
    reference=MORRIS,
    rule="100 * (colour if body > body1 else colour1) if colour1 == -colour and body1 > usual1 and upper1 < tiny1"
    " and lower1 < tiny1 and body > usual and upper < tiny and lower < tiny and (l > h1 if black1 else h < l1)"
    " else 0",
)
def cdl_kicking_by_length() -> None:
    """Kicking with the sign of the longer of its two bodies: read as who moved more having won."""


@candle(
    "CDLMATCHINGLOW",
    bars=2,
    warmup=6,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 if black1 and black and abs(c - c1) <= same1 else 0",
)
def cdl_matching_low() -> None:
    """Two black bodies that close at one price.

    Read as a floor that held twice, after a fall.
    """


@candle(
    "CDLONNECK",
    bars=2,
    warmup=11,
    reading=Reading.ONWARD,
    reference=MORRIS,
    rule="-100 if black1 and body1 > usual1 and white and o < l1 and abs(c - l1) <= same1 else 0",
)
def cdl_on_neck() -> None:
    """After a long black body a white one opens below its low and comes back only to that low.

    Read as a weak answer: the fall goes on.
    """


@candle(
    "CDLPIERCING",
    bars=2,
    warmup=11,
    reading=Reading.TURN,
    rule="100 if black1 and body1 > usual1 and white and body > usual and o < l1 and c1 + 0.5 * body1 < c < o1 else 0",
)
def cdl_piercing() -> None:
    """A long black body, then a long white one that opens below its low and closes above its middle.

    Read as buyers taking over after a fall; the mirror of dark cloud cover.
    """


@candle(
    "CDLSEPARATINGLINES",
    bars=2,
    warmup=11,
    reading=Reading.ONWARD,
    reference=MORRIS,
    rule="100 * colour if colour1 == -colour and abs(o - o1) <= same1 and body > usual and (lower if white"
    " else upper) < tiny else 0",
)
def cdl_separating_lines() -> None:
    """A bar against the trend, then a long one of the other colour from the same opening.

    100 where the second is white. Read as the trend taking its way again.
    """


@candle(
    "CDLTHRUSTING",
    bars=2,
    warmup=11,
    reading=Reading.ONWARD,
    reference=MORRIS,
    rule="-100 if black1 and body1 > usual1 and white and o < l1 and c1 + same1 < c <= c1 + 0.5 * body1 else 0",
)
def cdl_thrusting() -> None:
    """After a long black body a white one opens below its low and closes inside it, short of the middle.

    Read as an answer too weak to turn the fall.
    """
