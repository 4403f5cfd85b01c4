from collections.abc import Callable
from pathlib import Path

import pytest

from ara.settings import Settings, VaultSettings
from ara.vault import Vault


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def open_vault(home: Path) -> Callable[..., Vault]:
    """Open a vault in `home`; each call is like another process: nothing is shared but the disk."""

    def open_it(*, key: str = "", key_file: Path | str = "", keyring: bool = False, folder: Path = home) -> Vault:
        settings = Settings(home=str(folder), vault=VaultSettings(key_file=str(key_file), keyring=keyring))
        return Vault.open(settings, environ={"ARA_VAULT_KEY": key} if key else {})

    return open_it


@pytest.fixture
def vault(open_vault: Callable[..., Vault]) -> Vault:
    return open_vault()
