"""Codes of currencies, metals and coins."""

from typing import Final

__all__ = ["COINS", "CURRENCIES", "QUOTES"]

_MONEY = """
AED ARS AUD BGN BRL CAD CHF CLP CNH CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD KZT MAD MXN MYR
NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND XAG XAU XPD XPT ZAR
"""

_COINS = """
AAVE ADA ALGO APT ARB ATOM AVAX AXS BAT BCH BNB BTC BTT CAKE COMP CRO CRV DASH DOGE DOT EGLD ENJ EOS ETC ETH FIL FLOW
FTM GRT HBAR ICP IMX INJ IOTA KAS KSM LDO LINK LTC LUNA MANA MATIC MKR NEAR NEO OP PEPE POL QTUM RUNE SAND SHIB SNX SOL
STX SUI SUSHI THETA TIA TON TRX UNI VET WAVES WBTC XEM XLM XMR XRP XTZ YFI ZEC ZIL
"""

CURRENCIES: Final = frozenset(_MONEY.split())
"""Codes of ISO 4217 that are traded against each other; spot metals are among them."""

COINS: Final = frozenset(_COINS.split())
"""Coins that are recognised without a separator: `BTCUSD` is `BTC-USD`."""

QUOTES: Final = ("USDT", "USDC", "BUSD", "DAI", "USD", "EUR", "GBP", "JPY", "BTC", "ETH", "BNB")
"""What coins are priced in, longer codes before those that end them."""
