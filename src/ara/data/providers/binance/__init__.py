from ara.data.providers.binance.signing import sign
