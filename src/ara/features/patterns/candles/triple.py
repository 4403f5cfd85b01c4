"""Candlesticks of three bars."""

from ara.features.patterns.candles.shape import MORRIS, Reading, candle, penetration

__all__ = [
    "cdl_abandoned_baby",
    "cdl_advance_block",
    "cdl_evening_doji_star",
    "cdl_evening_star",
    "cdl_gap_side_side_white",
    "cdl_identical_three_crows",
    "cdl_morning_doji_star",
    "cdl_morning_star",
    "cdl_stalled_pattern",
    "cdl_stick_sandwich",
    "cdl_tasuki_gap",
    "cdl_three_inside",
    "cdl_three_outside",
    "cdl_three_stars_in_the_south",
    "cdl_three_white_soldiers",
    "cdl_tristar",
    "cdl_two_crows",
    "cdl_unique_three_river",
    "cdl_upside_gap_two_crows",
    "cdl_x_side_gap_three_methods",
]


@candle(
    "CDLABANDONEDBABY",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    params={"penetration": penetration(0.3)},
    rule="100 * colour if body2 > usual2 and body1 <= tiny1 and body > usual and (white2 and black"
    " and c < c2 - penetration * body2 and l1 > h2 and h < l1 or black2 and white"
    " and c > c2 + penetration * body2 and h1 < l2 and l > h1) else 0",
)
def cdl_abandoned_baby() -> None:
    """A long body, a doji with a gap on both sides, and a body back the other way.

    100 at a bottom, -100 at a top. Read as a turn that leaves traders stranded; it is very rare.
    """


@candle(
    "CDLADVANCEBLOCK",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    rule="-100 if white2 and white1 and white and c > c1 > c2 and o2 < o1 <= c2 + near2 and o1 < o <= c1 + near1"
    " and body2 > usual2 and upper2 < shade2 and (body1 < body2 - far2 and body < body1 + near1"
    " or body < body1 - far1 or body < body1 < body2 and (upper > shade or upper1 > shade1) or body < body1"
    " and upper > body) else 0",
)
def cdl_advance_block() -> None:
    """Three white bars, each higher and each weaker: smaller bodies or longer upper shadows.

    Read as a rise that meets sellers.
    """


@candle(
    "CDLEVENINGDOJISTAR",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    params={"penetration": penetration(0.3)},
    rule="-100 if white2 and body2 > usual2 and body1 <= tiny1 and bottom1 > top2 and black and body > usual"
    " and c < c2 - penetration * body2 else 0",
)
def cdl_evening_doji_star() -> None:
    """An evening star whose middle bar is a doji.

    Read as the stronger form of it.
    """


@candle(
    "CDLEVENINGSTAR",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    params={"penetration": penetration(0.3)},
    rule="-100 if white2 and body2 > usual2 and body1 <= usual1 and bottom1 > top2 and black and body > usual"
    " and c < c2 - penetration * body2 else 0",
)
def cdl_evening_star() -> None:
    """A long white body, a small one above it, and a black one deep into the first.

    Read as the end of a rise.
    """


@candle(
    "CDLGAPSIDESIDEWHITE",
    bars=3,
    warmup=7,
    reading=Reading.ONWARD,
    rule="(100 if bottom1 > top2 else -100) if (bottom1 > top2 and bottom > top2 or top1 < bottom2"
    " and top < bottom2) and white1 and white and abs(body - body1) <= near1 and abs(o - o1) <= same1 else 0",
)
def cdl_gap_side_side_white() -> None:
    """Two white bodies of one size side by side, both beyond a gap: 100 above it, -100 below.

    Read as a pause before the trend goes on.
    """


@candle(
    "CDLIDENTICAL3CROWS",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="-100 if black2 and lower2 < tiny2 and black1 and lower1 < tiny1 and black and lower < tiny and c2 > c1 > c"
    " and abs(o1 - c2) <= same2 and abs(o - c1) <= same1 else 0",
)
def cdl_identical_three_crows() -> None:
    """Three black bars without lower shadows, each opening where the last closed.

    Read as selling without a pause after a rise.
    """


@candle(
    "CDLMORNINGDOJISTAR",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    params={"penetration": penetration(0.3)},
    rule="100 if black2 and body2 > usual2 and body1 <= tiny1 and top1 < bottom2 and white and body > usual"
    " and c > c2 + penetration * body2 else 0",
)
def cdl_morning_doji_star() -> None:
    """A morning star whose middle bar is a doji.

    Read as the stronger form of it.
    """


@candle(
    "CDLMORNINGSTAR",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    params={"penetration": penetration(0.3)},
    rule="100 if black2 and body2 > usual2 and body1 <= usual1 and top1 < bottom2 and white and body > usual"
    " and c > c2 + penetration * body2 else 0",
)
def cdl_morning_star() -> None:
    """A long black body, a small one below it, and a white one deep into the first.

    Read as the end of a fall.
    """


@candle(
    "CDLSTALLEDPATTERN",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="-100 if white2 and white1 and white and c > c1 > c2 and body2 > usual2 and body1 > usual1"
    " and upper1 < tiny1 and o2 < o1 <= c2 + near2 and body < usual and o >= c1 - body - near1 else 0",
)
def cdl_stalled_pattern() -> None:
    """Two long white bars, then a small one at the top of the second.

    Read as a rise that stalls: a reason to take profits rather than to sell short.
    """


@candle(
    "CDLSTICKSANDWICH",
    bars=3,
    warmup=7,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 if black2 and white1 and black and l1 > c2 and abs(c - c2) <= same2 else 0",
)
def cdl_stick_sandwich() -> None:
    """A white bar between two black ones that close at one price.

    Read as a floor that held twice, after a fall.
    """


@candle(
    "CDLTASUKIGAP",
    bars=3,
    warmup=7,
    reading=Reading.ONWARD,
    rule="100 * colour1 if abs(body1 - body) < near1 and (bottom1 > top2 and white1 and black and o1 < o < c1"
    " and top2 < c < o1 or top1 < bottom2 and black1 and white and c1 < o < o1 and o1 < c < bottom2) else 0",
)
def cdl_tasuki_gap() -> None:
    """A gap, and a bar of the other colour that fills it in part: 100 above a gap upwards, -100 below one downwards.

    Read as profit taking before the trend goes on.
    """


@candle(
    "CDL3INSIDE",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="-100 * colour2 if body2 > usual2 and body1 <= usual1 and top1 < top2 and bottom1 > bottom2 and (black"
    " and c < o2 if white2 else white and c > o2) else 0",
)
def cdl_three_inside() -> None:
    """A harami that the third bar confirms by closing beyond the first.

    100 upwards, -100 downwards. Read as the turn having begun.
    """


@candle(
    "CDL3OUTSIDE",
    bars=3,
    warmup=3,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 * colour1 if white1 and black2 and c1 > o2 and o1 < c2 and c > c1 or black1 and white2 and o1 > c2"
    " and c1 < o2 and c < c1 else 0",
)
def cdl_three_outside() -> None:
    """An engulfing bar that the third confirms by closing further.

    100 upwards, -100 downwards. Read as the turn having begun.
    """


@candle(
    "CDL3STARSINSOUTH",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 if black2 and black1 and black and body2 > usual2 and lower2 > body2 and body1 < body2"
    " and c2 < o1 <= h2 and l2 <= l1 < c2 and lower1 > tiny1 and body < usual and upper < tiny and lower < tiny"
    " and l > l1 and h < h1 else 0",
)
def cdl_three_stars_in_the_south() -> None:
    """Three black bars, each smaller than the last and held by it, the first with a long lower shadow.

    Read as sellers giving up after a fall; it is very rare.
    """


@candle(
    "CDL3WHITESOLDIERS",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    rule="100 if white2 and upper2 < tiny2 and white1 and upper1 < tiny1 and white and upper < tiny and c > c1 > c2"
    " and o2 < o1 <= c2 + near2 and o1 < o <= c1 + near1 and body1 > body2 - far2 and body > body1 - far1"
    " and body > usual else 0",
)
def cdl_three_white_soldiers() -> None:
    """Three strong white bars that close at their highs, each opening inside the last.

    Read as a lasting turn upwards, late for those who wait for it.
    """


@candle(
    "CDLTRISTAR",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    rule="(-100 if bottom1 > top2 and top < top1 else 100 if top1 < bottom2 and bottom > bottom1 else 0)"
    " if body2 <= tiny2 and body1 <= tiny2 and body <= tiny2 else 0",
)
def cdl_tristar() -> None:
    """Three doji, the middle one apart: -100 above, 100 below.

    Read as a trend that has run out; in thin markets it means nothing.
    """


@candle(
    "CDL2CROWS",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="-100 if white2 and body2 > usual2 and black1 and bottom1 > top2 and black and c1 < o < o1 and o2 < c < c2"
    " else 0",
)
def cdl_two_crows() -> None:
    """A long white body, a black one above it, and a second black one that closes inside the first.

    Read as a gap upwards that did not hold.
    """


@candle(
    "CDLUNIQUE3RIVER",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    rule="100 if body2 > usual2 and black2 and black1 and c1 > c2 and o1 <= o2 and l1 < l2 and body < usual"
    " and white and o > l1 else 0",
)
def cdl_unique_three_river() -> None:
    """A long black body, a black one inside it with a new low, and a small white one above that low.

    Read as a fall that finds no followers.
    """


@candle(
    "CDLUPSIDEGAP2CROWS",
    bars=3,
    warmup=12,
    reading=Reading.TURN,
    rule="-100 if white2 and body2 > usual2 and black1 and body1 <= usual1 and bottom1 > top2 and black and o > o1"
    " and c2 < c < c1 else 0",
)
def cdl_upside_gap_two_crows() -> None:
    """A long white body, and above a gap two black ones, the second around the first.

    Read as a rise that cannot get away.
    """


@candle(
    "CDLXSIDEGAP3METHODS",
    bars=3,
    warmup=2,
    reading=Reading.ONWARD,
    reference=MORRIS,
    rule="100 * colour2 if colour2 == colour1 and colour1 == -colour and bottom1 < o < top1 and bottom2 < c < top2"
    " and (bottom1 > top2 if white2 else top1 < bottom2) else 0",
)
def cdl_x_side_gap_three_methods() -> None:
    """Two bars of one colour with a gap, and a third that closes the gap: 100 in a rise, -100 in a fall.

    Read as a pause before the trend goes on.
    """
