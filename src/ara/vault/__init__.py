"""Secrets at rest, encrypted; and the key with which this installation signs.

The vault is one file, `vault.json`, in Ara's home. Its key comes from `ARA_VAULT_KEY`, else from the operating system's
keyring where `vault.keyring` is on, else from a file that only its owner can read. Each secret is sealed with
AES-256-GCM for its own name, and the whole is sealed once more, so that no entry can be changed, swapped or dropped
unseen. Opening a vault reads nothing; the first use does.
"""

from ara.vault.cipher import generate_key
from ara.vault.vault import Vault

__all__ = ["Vault", "generate_key"]
