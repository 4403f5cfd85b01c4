"""What is asked of a model on the exam, row by row, and whether it gives it."""

from collections.abc import Mapping, Sequence

from tests.models.exam import HORIZONS, RIVALS, Row, rows_of


def floors(
    exam: Sequence[Row], model: str, beaten: Mapping[str, Mapping[str, float]], broken: float
) -> list[tuple[str, str, str, bool]]:
    """Give what is asked of a model, what is the least, what was found, and whether that is enough.

    Parameters
    ----------
    exam
        Rows of the scorer, of the model and of its rivals.
    model
        Its name.
    beaten
        By rival and horizon the p of the model's being better.
    broken
        The share of returns in the model's 80 % bands after a break.
    """
    one, five, month = (rows_of(exam, f"ara_{model}")[h] for h in HORIZONS)
    all_ = (one, five, month)
    best = [max((rows_of(exam, name)[h] for name in RIVALS), key=lambda row: row["crps_skill"]) for h in HORIZONS]
    rival = [row["crps_skill"] for row in best]
    luck = [beaten[str(row["model"])][str(row["horizon"])] for row in best]
    naive = [rows_of(exam, "hist")[h]["da"] for h in (5, 21)]
    garch = [rows_of(exam, "garch_t")[h]["qlike_diff"] for h in HORIZONS]

    def three(form: str, *values: object) -> str:
        return " / ".join(form.format(value) for value in values)

    def within(row: Row, low: float, high: float) -> bool:
        cells = row["slices"].values()
        return all(low <= cell["cov80"] <= high or abs(cell["cov80"] - 0.8) <= 2 * cell["se80"] for cell in cells)

    def each(values: list[float], least: tuple[float, ...]) -> bool:
        return all(value >= floor for value, floor in zip(values, least, strict=True))

    skill, cov = [row["crps_skill"] for row in all_], [row["cov80"] for row in all_]
    better = one["sym_better_bh"] / one["symbols"]
    kupiec, independence = (int(one[name].split("/")[0]) for name in ("kupiec_rej_bh", "indep_rej_bh"))
    error = [row["ece_corrected"] for row in all_]
    return [
        ("CRPS skill over EWMA-t, 1/5/21 bars", "1.0/1.4/2.0 %", three("{:.2%}", *skill),
         each(skill, (0.010, 0.014, 0.020))),
        ("its DM p", "< .01 each", three("{:.0e}", *(row["dm_p"] for row in all_)),
         all(row["dm_p"] < 0.01 for row in all_)),
        ("over the best of GARCH-t, HAR and their mean", "+.3 points each",
         three("{:+.2%}", *(a - b for a, b in zip(skill, rival, strict=True))),
         all(a >= b + 0.003 for a, b in zip(skill, rival, strict=True))),
        ("its DM p", "< .01 each", three("{:.0e}", *luck),
         all(p < 0.01 for p in luck)),
        ("symbols better and worse, 1 bar", ">= 85 % and 0", f"{better:.1%} and {one['sym_worse_bh']}",
         better >= 0.85 and one["sym_worse_bh"] == 0),
        ("80 % band, all", "79-81/78.5-81.5/77.5-82.5", three("{:.1%}", *cov),
         all(abs(value - 0.8) <= room for value, room in zip(cov, (0.01, 0.015, 0.025), strict=True))),
        ("80 % band by class, year and volatility, or 2 errors", "77-83/75-85/73-87",
         three("{}", *(f"{row['cov80_min']:.1%} to {row['cov80_max']:.1%}" for row in all_)),
         within(one, 0.77, 0.83) and within(five, 0.75, 0.85) and within(month, 0.73, 0.87)),
        ("80 % band by symbol, 1 bar; Kupiec", "76-84; 0",
         f"{one['cov80_sym_min']:.1%} to {one['cov80_sym_max']:.1%}; {one['kupiec_rej_bh']}",
         one["cov80_sym_min"] >= 0.76 and one["cov80_sym_max"] <= 0.84 and kupiec == 0),
        ("50 and 95 % bands, 1 bar", "49-51; 94.5-95.5", f"{one['cov50']:.1%}; {one['cov95']:.1%}",
         0.49 <= one["cov50"] <= 0.51 and 0.945 <= one["cov95"] <= 0.955),
        ("independence refused, 1 bar", "<= 3 %", one["indep_rej_bh"], independence <= 0.03 * one["symbols"] + 0.02),
        ("width of the 80 % band over EWMA-t's", "<= 1.00/.96/.97",
         three("{:.3f}", *(row["width80_ratio"] for row in all_)),
         all(row["width80_ratio"] <= top for row, top in zip(all_, (1.0, 0.96, 0.97), strict=True))),
        ("QLIKE less EWMA-t's", "<= -.07/-.05/-.04", three("{:.3f}", *(row["qlike_diff"] for row in all_)),
         all(row["qlike_diff"] <= top for row, top in zip(all_, (-0.07, -0.05, -0.04), strict=True))),
        ("its p at 1 bar; less than GARCH's at 1 and 5", "< .01; yes",
         f"{one['qlike_p']:.0e}; {one['qlike_diff'] - garch[0]:+.3f}, {five['qlike_diff'] - garch[1]:+.3f}",
         one["qlike_p"] < 0.01 and one["qlike_diff"] < garch[0] and five["qlike_diff"] < garch[1]),
        ("80 % band after a break", ">= 72 %", f"{broken:.1%}", broken >= 0.72),
        ("P(up): error less chance", "<= 1/1.5/3 %", three("{:.2%}", *error),
         all(value <= top for value, top in zip(error, (0.01, 0.015, 0.03), strict=True))),
        ("P(up): Wald p", "> .01", three("{:.3f}", *(row["calib_p"] for row in all_)),
         all(row["calib_p"] > 0.01 for row in all_)),
        ("P(up), Brier, 1 bar: t against a half, against the naive rate", "not above 0",
         f"{one['brier_t']:.1f}; {one['brier_vs_hist_t']:.1f}", one["brier_t"] <= 0 and one["brier_vs_hist_t"] <= 0),
        ("right side, 5 and 21 bars, over the naive rate's", "not less",
         f"{five['da']:.1%} over {naive[0]:.1%}; {month['da']:.1%} over {naive[1]:.1%}",
         five["da"] >= naive[0] and month["da"] >= naive[1]),
        ("right side, 1 bar", "no edge claimed",
         f"{one['da']:.1%} of {one['up_rate']:.1%} that rose, PT t {one['pt_t']:.1f}", one["da"] < 0.55),
    ]  # fmt: skip


def verdict(rows: Sequence[tuple[str, str, str, bool]], model: str) -> list[str]:
    """Give the page's table of it."""
    return [
        f"| what | least | {model} | |",
        "|---|---|---|---|",
        *(f"| {what} | {least} | {found} | {'yes' if ok else '**no**'} |" for what, least, found, ok in rows),
        "",
        "The mean of GARCH-t, HAR and filtered simulation is that of their log quantiles, level by level.",
        "",
    ]
