"""A program that asks a running `ara serve`.

Run it by `ARA_URL=http://127.0.0.1:8000 ARA_KEY=ara_... python examples/ask_the_service.py AAPL`.
"""

import os
import sys
import uuid

import httpx


def told(answer: httpx.Response) -> dict:
    """Give the document; where it is a problem, say what is wrong and what to do."""
    found: dict = answer.json()
    if answer.is_error:
        sys.exit(f"{found['title']}: {found['detail']} {found.get('hint', '')}".strip())
    return found


def main(symbol: str) -> None:
    """Make a forecast, and ask what forecasts that were as sure were worth."""
    headers = {"Authorization": f"Bearer {os.environ['ARA_KEY']}"}
    with httpx.Client(base_url=f"{os.environ['ARA_URL']}/api/v2", headers=headers, timeout=60) as ara:
        once = {"Idempotency-Key": str(uuid.uuid4())}  # the same request sent again is done once
        forecast = told(ara.post("/forecasts", json={"symbol": symbol, "days": 3}, headers=once))
        receipt = told(ara.get(f"/forecasts/{forecast['id']}/receipt"))
    for day in forecast["days"]:
        low, high = day["band_80"]
        print(f"{day['date']}  {day['price']:,.2f}  {low:,.2f} to {high:,.2f}")
    for day in receipt["days"]:
        if like := day["record"]:
            print(f"said {day['stated']:.2f}: {like['share']:.1%} of {like['forecasts']:,} such forecasts came true")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "AAPL")
