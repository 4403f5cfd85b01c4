from ara.data.providers.kraken.signing import sign
