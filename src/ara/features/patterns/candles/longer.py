"""Candlesticks of three bars with one before them, of four and of five."""

from ara.features.patterns.candles.shape import MORRIS, Reading, candle, penetration

__all__ = [
    "cdl_breakaway",
    "cdl_concealing_baby_swallow",
    "cdl_hikkake",
    "cdl_hikkake_modified",
    "cdl_ladder_bottom",
    "cdl_mat_hold",
    "cdl_rise_fall_three_methods",
    "cdl_three_black_crows",
    "cdl_three_line_strike",
]


@candle(
    "CDLBREAKAWAY",
    bars=5,
    warmup=14,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 * colour if body4 > usual4 and colour4 == colour3 and colour3 == colour1 and colour1 == -colour"
    " and (top3 < bottom4 and h2 < h3 and l2 < l3 and h1 < h2 and l1 < l2 and o3 < c < c4 if black4"
    " else bottom3 > top4 and h2 > h3 and l2 > l3 and h1 > h2 and l1 > l2 and c4 < c < o3) else 0",
)
def cdl_breakaway() -> None:
    """A long bar, a gap with the trend, two more bars that way, then one back that closes inside the gap.

    100 in a fall, -100 in a rise. Read as a trend that went too fast.
    """


@candle(
    "CDLCONCEALBABYSWALL",
    bars=4,
    warmup=13,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 if black3 and lower3 < tiny3 and upper3 < tiny3 and black2 and lower2 < tiny2 and upper2 < tiny2"
    " and black1 and top1 < bottom2 and upper1 > tiny1 and h1 > c2 and black and h > h1 and l < l1 else 0",
)
def cdl_concealing_baby_swallow() -> None:
    """Two black marubozu, a black bar whose shadow reaches up into them, and one that swallows it whole.

    Read as the last push of a fall; it is very rare.
    """


@candle(
    "CDLHIKKAKE",
    bars=3,
    warmup=5,
    reading=Reading.EITHER,
    reference="D. L. Chesler (2004), Trading False Moves with the Hikkake Pattern, Active Trader 5(4); rule of TA-Lib",
    rule="100 if h1 < h2 and l1 > l2 and h < h1 and l < l1; -100 if h1 < h2 and l1 > l2 and h > h1 and l > l1; 200"
    " or -200 once, at most 3 bars later, a close leaves the inside bar on the other side",
)
def cdl_hikkake() -> None:
    """A bar inside the last one, then a break that turns out false.

    100 after a break downwards, -100 after one upwards, 200 and -200 when the price has come back through. Read as
    traders caught on the wrong side.
    """


@candle(
    "CDLHIKKAKEMOD",
    bars=4,
    warmup=10,
    reading=Reading.TURN,
    reference="D. L. Chesler (2004), Trading False Moves with the Hikkake Pattern, Active Trader 5(4); rule of TA-Lib",
    rule="100 if h2 < h3 and l2 > l3 and h1 < h2 and l1 > l2 and h < h1 and l < l1 and c2 <= l2 + near2; -100"
    " if h2 < h3 and l2 > l3 and h1 < h2 and l1 > l2 and h > h1 and l > l1 and c2 >= h2 - near2; 200"
    " or -200 once, at most 3 bars later, a close leaves the inside bar on the other side",
)
def cdl_hikkake_modified() -> None:
    """A hikkake after two inside bars, the first of which closes near the end that is then broken.

    Signs as there; read as a turn.
    """


@candle(
    "CDLLADDERBOTTOM",
    bars=5,
    warmup=14,
    reading=Reading.TURN,
    reference=MORRIS,
    rule="100 if black4 and black3 and black2 and o4 > o3 > o2 and c4 > c3 > c2 and black1 and upper1 > tiny1"
    " and white and o > o1 and c > h1 else 0",
)
def cdl_ladder_bottom() -> None:
    """Three falling black bars, a fourth with a shadow above, then a white one over its high.

    Read as a fall whose sellers begin to cover.
    """


@candle(
    "CDLMATHOLD",
    bars=5,
    warmup=14,
    reading=Reading.ONWARD,
    params={"penetration": penetration(0.5)},
    reference=MORRIS,
    rule="100 if white4 and body4 > usual4 and black3 and body3 < usual3 and body2 < usual2 and body1 < usual1"
    " and bottom3 > top4 and c4 - penetration * body4 < bottom2 < c4 and c4 - penetration * body4 < bottom1 < c4"
    " and top2 < o3 and top1 < top2 and white and o > c1 and c > max(h3, h2, h1) else 0",
)
def cdl_mat_hold() -> None:
    """A long white bar, three small ones that drift back without giving up much, a white one to new highs.

    Read as a rest in a rise.
    """


@candle(
    "CDLRISEFALL3METHODS",
    bars=5,
    warmup=14,
    reading=Reading.ONWARD,
    rule="100 * colour4 if body4 > usual4 and body3 < usual3 and body2 < usual2 and body1 < usual1 and body > usual"
    " and colour4 == -colour3 and colour3 == colour2 and colour2 == colour1 and colour1 == -colour"
    " and bottom3 < h4 and top3 > l4 and bottom2 < h4 and top2 > l4 and bottom1 < h4 and top1 > l4"
    " and (c1 < c2 < c3 and o > c1 and c > c4 if white4 else c3 < c2 < c1 and o < c1 and c < c4) else 0",
)
def cdl_rise_fall_three_methods() -> None:
    """A long bar, three small ones against it inside its range, and a long one onwards: 100 in a rise, -100 in a fall.

    Read as a rest before the trend goes on.
    """


@candle(
    "CDL3BLACKCROWS",
    bars=3,
    warmup=13,
    reading=Reading.TURN,
    rule="-100 if white3 and black2 and lower2 < tiny2 and black1 and lower1 < tiny1 and black and lower < tiny"
    " and c2 < o1 < o2 and c1 < o < o1 and h3 > c2 and c2 > c1 > c else 0",
)
def cdl_three_black_crows() -> None:
    """After a white bar three black ones that close at their lows, each opening inside the last.

    Read as a lasting turn downwards, late for those who wait for it.
    """


@candle(
    "CDL3LINESTRIKE",
    bars=4,
    warmup=8,
    reading=Reading.ONWARD,
    reference=MORRIS,
    rule="100 * colour1 if colour3 == colour2 and colour2 == colour1 and colour == -colour1"
    " and bottom3 - near3 <= o2 <= top3 + near3 and bottom2 - near2 <= o1 <= top2 + near2 and (c1 > c2 > c3"
    " and o > c1 and c < o3 if white1 else c1 < c2 < c3 and o < c1 and c > o3) else 0",
)
def cdl_three_line_strike() -> None:
    """Three bars one way and a fourth that takes them all back: 100 where the three rise, -100 where they fall.

    Read, against its look, as a rest before the trend goes on.
    """
