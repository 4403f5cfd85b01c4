"""Who asks: what routes depend on to know it, to need a permission, and to count what is asked for."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ara.accounts import Principal
from ara.accounts.limits import Bucket, Verdict
from ara.accounts.network import network_of
from ara.api.queries import plainly
from ara.api.service import Service
from ara.api.shell import also_told, route_of
from ara.errors import AraError, QuotaError, StoreError, UnauthenticatedError
from ara.prediction.origin import as_instant
from ara.settings import TierSettings

__all__ = [
    "Asker",
    "a_days",
    "address_in",
    "address_of",
    "admitted",
    "asker",
    "counted",
    "entering",
    "known_by",
    "moment_of",
    "permission_of",
    "service_of",
    "strange",
]

_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A key, as `ara keys make` gives it, or an access token.",
)
_LONGEST: Final = 4_096
_BUCKETS: Final = 10_000


def service_of(request: Request) -> Service:
    """Give what the process's requests share."""
    service: Service = request.app.state.service
    return service


def address_of(request: Request) -> str:
    """Give the address of the network from which it is asked."""
    return address_in(request.scope)


def address_in(scope: Mapping[str, Any]) -> str:
    """Give the address of the network from which a request comes."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def moment_of(service: Service, as_of: str | None) -> datetime:
    """Give the moment that a request means; now where it names none."""
    return as_instant(as_of, now=service.desk.clock.now())


@dataclass(frozen=True, slots=True)
class _Asking:
    """The dependency of a route that needs a permission."""

    permission: str

    async def __call__(
        self,
        request: Request,
        sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Principal:
        """Say who asks, counted against their limits, and refuse what the path does not know."""
        credential = sent.credentials if sent else None
        service, route = service_of(request), route_of(request.scope)
        principal = await admitted(service, credential, address_of(request), route, self.permission)
        plainly(request)
        return principal


def asker(permission: str) -> Callable[..., Awaitable[Principal]]:
    """Give the dependency of a route that needs a permission: who asks, counted against their limits."""
    return _Asking(permission)


def permission_of(dependency: Callable[..., Any]) -> str:
    """Give the permission that a dependency needs; empty for one that is not of `asker`."""
    return dependency.permission if isinstance(dependency, _Asking) else ""


async def admitted(service: Service, credential: str | None, address: str, route: str, permission: str) -> Principal:
    """Say who asks, count it, and see that they may; the answer says what is left, also where it is an error."""
    principal = await known_by(service, credential, address=address)
    told = (await counted(service, principal, route)).headers()
    service.seen.note(principal.user.id, time.monotonic())
    if principal.remind_at is not None and principal.remind_at <= service.accounts.now():
        told["X-Key-Rotate"] = f"due since {principal.remind_at:%Y-%m-%d}"
    also_told(told)
    principal.need(permission)
    return principal


async def counted(service: Service, principal: Principal, route: str) -> Verdict:
    """Count a request against what the tier of who asks may ask for; QuotaError where it is too much."""
    tier = _tier_of(service, principal)
    verdict = await service.limits.take(_buckets(principal.user.id, principal.credential, route, tier))
    if not verdict.allowed:
        raise _too_much(
            verdict, f"The tier {principal.user.tier} may ask {tier.per_minute} times a minute, {tier.burst} at once."
        )
    return verdict


@lru_cache(_BUCKETS)
def _buckets(user: str, credential: str, route: str, tier: TierSettings) -> tuple[Bucket, Bucket]:
    """Give what a request is counted against: all that the user asks, and what this key asks of this path."""
    rate = tier.per_minute / 60
    return (
        Bucket(name=f"user:{user}", capacity=tier.burst, per_second=rate),
        Bucket(name=f"asks:{credential}:{route}", capacity=tier.burst, per_second=rate),
    )


def _tier_of(service: Service, principal: Principal) -> TierSettings:
    """Give what the settings allow to the tier of who asks."""
    tier: TierSettings = getattr(service.desk.settings.accounts, principal.user.tier)
    return tier


@asynccontextmanager
async def a_days(service: Service, principal: Principal, count: int) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Count forecasts against the user's day, and not those that come to nothing.

    Gives what takes some back; where an error or the end of the request leaves the block, all are.
    """
    quota = service.accounts.quota
    spending = asyncio.create_task(quota.spend(principal.user, "forecasts", count))
    try:
        spent = await asyncio.shield(spending)
    except asyncio.CancelledError:  # the request ended as it was being counted
        with suppress(AraError):
            await quota.give_back(await spending, count)
        raise
    also_told(spent.headers())

    async def back(failed: int) -> None:
        if failed:
            with suppress(StoreError):
                await quota.give_back(spent, failed)
            also_told(replace(spent, used=spent.used - failed).headers())

    try:
        yield back
    except BaseException:
        await back(count)
        raise


async def known_by(service: Service, credential: str | None, *, address: str) -> Principal:
    """Say whose a key or token is; wrong ones are counted by the address from which they come."""
    if credential is not None and len(credential) <= _LONGEST:
        try:
            return await service.accounts.authenticate(credential)
        except UnauthenticatedError:
            await strange(service, address)
            raise
    raise UnauthenticatedError("Nobody said who asks.")


async def strange(service: Service, address: str) -> None:
    """Count somebody who is not who they say they are, by address; QuotaError where that were too many."""
    most = service.desk.settings.accounts.wrong_per_minute
    bucket = Bucket(name=f"stranger:{network_of(address)}", capacity=most, per_second=most / 60)
    verdict = await service.limits.take([bucket])
    if not verdict.allowed:
        raise _too_much(verdict, "Too many wrong keys or tokens came from here.")


async def entering(request: Request) -> None:
    """Count somebody who wants to come in, by address, before anything is looked at; QuotaError where it is too much.

    The answer says what is left, whoever asks for whomever: it tells nothing of accounts.
    """
    service = service_of(request)
    most = service.desk.settings.accounts.entries_per_minute
    bucket = Bucket(name=f"entry:{network_of(address_of(request))}", capacity=most, per_second=most / 60)
    verdict = await service.limits.take([bucket])
    if not verdict.allowed:
        raise _too_much(verdict, f"From one address {most} may come in a minute.")
    also_told(verdict.headers())


def _too_much(verdict: Verdict, words: str) -> QuotaError:
    """Make the error for a verdict that does not allow it: it says when to ask again, in words and in headers."""
    headers = verdict.headers()
    wait = headers["Retry-After"]
    return QuotaError(words, hint=f"Wait {wait} seconds.", retry_after=int(wait), headers=headers)


Asker = Principal
"""What the dependency of `asker` gives."""
