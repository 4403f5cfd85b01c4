"""Every error a user of Ara can meet, as one tree.

::

    AraError                     1  500  a fault of Ara's own
    ├── ValidationError          2  422  the caller's input is wrong (also a ValueError)
    │   ├── ConfigurationError   2  500  a setting is unknown or has a wrong value
    │   ├── NotFoundError        2  404  nothing has that id or name
    │   ├── TakenError           2  409  somebody has that name or address already
    │   └── UnknownSymbolError   2  404  no instrument has that symbol
    ├── DataProviderError        3  502  a source of data failed or has nothing
    │   ├── MissingKeyError      3  502  a source needs a key that nobody gave
    │   ├── NoBarsError          3  404  a source has nothing for that moment
    │   ├── RateLimitError       3  503  a source was asked too often
    │   └── ShapeError           3  502  a source's answer is not built as it was agreed
    ├── ModelError               4  500  a model can't be fitted or asked
    │   ├── HistoryError         4  422  too few bars, or none that moves, to say anything
    │   ├── StageError           4  409  a model stays in its stage, or stays at all
    │   └── FeatureEngineeringError  4  500  an indicator or feature set failed
    │       └── AuditError      15  500  an audit could not be done, or told nothing
    ├── StoreError               5  503  documents, logs or tables can't be read or written
    │   └── CacheError           5  503  the cache can't be read or written
    ├── APIError                 6  500  a request to or from a service failed
    ├── IntegrityError           7  500  kept data was changed or cut: ledger, sample, artefact
    ├── PluginError              8  500  a plug-in is missing, broken or offered twice
    ├── WorkerError              9  500  a worker process crashed
    ├── CancelledError          10  499  the work was cancelled by its owner
    ├── VaultError              11  500  a secret can't be read or written
    ├── BacktestError           12  500  a back-test can't be run
    │   ├── StrategyError       12  500  a strategy raised, or gave what is no signal
    │   └── ForesightError      12  500  a strategy saw the future
    ├── PortfolioError          13  500  a portfolio can't be built
    ├── AlertError              14  500  an alert can't be kept or sent
    └── AccountError            16  403  an account doesn't allow it
        ├── UnauthenticatedError  16  401  nobody, or somebody who can't be known
        ├── ForbiddenError      16  403  somebody who may not do that
        └── QuotaError          16  429  more than the account may ask for at once

The columns are the exit code of the command line and the HTTP status; both derive from the class, nowhere else.
Exit code 130 is Ctrl-C, 141 a closed pipe.
"""

from typing import Any, ClassVar

__all__ = [
    "APIError",
    "AccountError",
    "AlertError",
    "AraAIException",
    "AraError",
    "AuditError",
    "BacktestError",
    "CacheError",
    "CancelledError",
    "ConfigurationError",
    "DataProviderError",
    "FeatureEngineeringError",
    "ForbiddenError",
    "ForesightError",
    "HistoryError",
    "IntegrityError",
    "MissingKeyError",
    "ModelError",
    "NoBarsError",
    "NotFoundError",
    "PluginError",
    "PortfolioError",
    "QuotaError",
    "RateLimitError",
    "ShapeError",
    "StageError",
    "StoreError",
    "StrategyError",
    "TakenError",
    "UnauthenticatedError",
    "UnknownSymbolError",
    "ValidationError",
    "VaultError",
    "WorkerError",
    "words_of",
]


class AraError(Exception):
    """What happened, in `message`; what the user can do about it, in `hint`.

    Parameters
    ----------
    message
        One sentence, for a person, without a stack trace and without secrets.
    hint
        What to do next; the class's own hint where none is given.
    context
        Further facts as JSON values, shown by `--json` and in problem documents.
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    default_hint: ClassVar[str] = "This is a fault of Ara. Run again with --debug and report what it prints."

    def __init__(self, message: str, *, hint: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.context = context

    def problem(self) -> dict[str, Any]:
        """Give the problem document of RFC 9457, with `code`, `hint` and `context` as extensions."""
        return {
            "type": f"urn:ara:error:{self.code}",
            "title": type(self).__name__,
            "status": self.http_status,
            "detail": self.message,
            "code": self.code,
            "hint": self.hint,
            "context": self.context,
        }


class ValidationError(AraError, ValueError):
    """The caller's input is wrong; nothing was done."""

    code = "invalid"
    exit_code = 2
    http_status = 422
    default_hint = "Correct the value and try again; --help shows what is allowed."


class ConfigurationError(ValidationError):
    """A setting is unknown or has a wrong value; the message names key, value, place and what is allowed."""

    code = "configuration"
    http_status = 500
    default_hint = "See every setting and where it comes from: ara config show"


class NotFoundError(ValidationError):
    """Nothing has that id or name, or it is somebody else's."""

    code = "not_found"
    http_status = 404


class TakenError(ValidationError):
    """Somebody has that name or address already; nothing was done."""

    code = "taken"
    http_status = 409
    default_hint = "Choose another."


class UnknownSymbolError(ValidationError):
    """No instrument has that symbol; `context["nearest"]` holds the closest known ones."""

    code = "unknown_symbol"
    http_status = 404
    default_hint = "Check the spelling; a symbol looks like AAPL, BTC-USD, EURUSD or ^GSPC."


class DataProviderError(AraError):
    """A source of data failed, or has nothing for what was asked."""

    code = "data_provider"
    exit_code = 3
    http_status = 502
    default_hint = "Try again later, or name another source with --provider."


class MissingKeyError(DataProviderError):
    """A source needs a key that nobody gave; the hint says where to get one and how to set it."""

    code = "missing_key"


class NoBarsError(DataProviderError):
    """A source answered, and has nothing for the moment that was asked for."""

    code = "no_bars"
    http_status = 404
    default_hint = "Ask for a later moment, or name another source with --provider."


class RateLimitError(DataProviderError):
    """A source was asked too often; `context["retry_after"]` holds the seconds to wait, where it says so."""

    code = "rate_limited"
    http_status = 503
    default_hint = "Wait a little, or name another source with --provider."


class ShapeError(DataProviderError):
    """A source's answer is not built as it was agreed; the message quotes the field."""

    code = "shape"
    default_hint = "The source may have changed its answers; name another with --provider, and report this one."


class ModelError(AraError):
    """A model can't be fitted, loaded or asked."""

    code = "model"
    exit_code = 4
    default_hint = "Try another model, or give it more history."


class HistoryError(ModelError):
    """An instrument has too few bars at that moment for any forecast of it, or its price never moved."""

    code = "history"
    http_status = 422
    default_hint = "Ask for a later moment, or give it more history."


class StageError(ModelError):
    """A model can't be deployed or removed as it stands: it is the champion, needed, or no better than the baseline."""

    code = "stage"
    http_status = 409
    default_hint = "See how models stand: ara models list"


class FeatureEngineeringError(ModelError):
    """An indicator or a feature set failed."""

    code = "features"
    default_hint = "What there is, and what it takes: ara features list, ara indicators show NAME"


class AuditError(FeatureEngineeringError):
    """An audit could not be done, or told nothing; what was to be audited may leak or not."""

    code = "audit"
    exit_code = 15
    default_hint = "Name a set, an indicator, a formula or a function of bars, and enough bars of an instrument."


class StoreError(AraError):
    """Documents, logs or tables can't be read or written; what was acknowledged before is safe."""

    code = "store"
    exit_code = 5
    http_status = 503
    default_hint = "Check that the folder in `store.url` is writable and its disk has room, or set ARA_STORE_URL."


class CacheError(StoreError):
    """The cache can't be read or written."""

    code = "cache"
    default_hint = "Nothing is lost: a cache only saves time. Clear it or turn it off."


class APIError(AraError):
    """A request to or from a service failed."""

    code = "api"
    exit_code = 6
    default_hint = "Check the request and the service's health."


class IntegrityError(AraError):
    """Kept data was changed or cut since it was written; `context` says where."""

    code = "integrity"
    exit_code = 7
    default_hint = "Restore the file from a back-up and find out who changed it."


class PluginError(AraError):
    """A plug-in is missing, broken, or two packages offer the same name."""

    code = "plugin"
    exit_code = 8
    default_hint = "See what is installed: ara plugins list"


class WorkerError(AraError):
    """A worker process crashed or could not be started; the message names the work."""

    code = "worker"
    exit_code = 9
    default_hint = "Run again; if it crashes again, lower the amount of data or see the log."


class CancelledError(AraError):
    """The work was cancelled by its owner."""

    code = "cancelled"
    exit_code = 10
    http_status = 499
    default_hint = "Start it again when you want the result."


class VaultError(AraError):
    """A secret can't be read or written."""

    code = "vault"
    exit_code = 11
    default_hint = "Give the key that encrypted the vault: ARA_VAULT_KEY, or the file in `vault.key_file`."


class BacktestError(AraError):
    """A back-test can't be run."""

    code = "backtest"
    exit_code = 12
    default_hint = "Check the range of dates and the strategy's parameters."


class StrategyError(BacktestError):
    """A strategy raised, or gave what is no signal; `context` says how far it came."""

    code = "strategy"
    default_hint = "A strategy is a class with a method decide(view) that gives a Signal, a list of them, or None."


class ForesightError(BacktestError):
    """A strategy decided otherwise once later bars were taken away: it saw the future. `context` holds the evidence."""

    code = "foresight"
    default_hint = "Compute what it looks at from the bars up to the moment of the decision alone."


class PortfolioError(AraError):
    """A portfolio can't be built."""

    code = "portfolio"
    exit_code = 13
    default_hint = "Check the assets and the limits."


class AlertError(AraError):
    """An alert can't be kept or sent."""

    code = "alert"
    exit_code = 14
    default_hint = "Check the alert's condition and where it is sent."


class AccountError(AraError):
    """What an account is, or may do, stands against it."""

    code = "account"
    exit_code = 16
    http_status = 403
    default_hint = "See who may do what: ara users list"


class UnauthenticatedError(AccountError):
    """Nobody said who asks, or what was said proves nothing."""

    code = "unauthenticated"
    http_status = 401
    default_hint = "Send a key or a token that is valid: Authorization: Bearer ..."


class ForbiddenError(AccountError):
    """Somebody asks for what their role, or the scopes of their key, don't open."""

    code = "forbidden"
    default_hint = "Ask an administrator for the role, or make a key with the scope."


class QuotaError(AccountError):
    """More was asked for than the account may have at once; `context["retry_after"]` holds seconds."""

    code = "quota"
    http_status = 429
    default_hint = "Wait, and ask again."


def words_of(error: BaseException) -> str:
    """Give what an error says within a sentence: one of Ara's its message, another its kind and words."""
    return error.message if isinstance(error, AraError) else f"{type(error).__name__}: {error}"


AraAIException = AraError
"""The name of the older packages."""
