import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.accounts import PERMISSIONS, ROLES, Role
from ara.accounts.roles import granted, scopes_of
from ara.errors import ValidationError


@given(st.sampled_from(list(Role)), st.none() | st.sets(st.sampled_from(list(PERMISSIONS))))
def test_scopes_only_ever_narrow_a_role(role, scopes):
    assert granted(role, scopes) == (ROLES[role] if scopes is None else ROLES[role] & scopes)


def test_every_permission_is_somebodys_and_only_the_administrator_has_all():
    assert ROLES[Role.ADMIN] == set(PERMISSIONS)
    for role in set(Role) - {Role.ADMIN}:
        assert not ROLES[role] & {"users:admin", "audit:read", "cache:write", "models:deploy"}
    assert not any(one.endswith(":write") for one in ROLES[Role.VIEWER] - {"keys:write", "alerts:write"})
    assert [role for role in Role if "trading:write" in ROLES[role]] == [Role.TRADER, Role.ADMIN]
    assert "keys:write" not in ROLES[Role.SERVICE]


def test_scopes_are_names_of_permissions():
    assert scopes_of([" Market:Read ", "market:read", "", "jobs:read"]) == ("jobs:read", "market:read")
    with pytest.raises(ValidationError, match="no scope 'all'"):
        scopes_of(["all"])
