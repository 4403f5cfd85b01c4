"""Several processes and threads on one vault."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from ara.vault import Vault

Open = Callable[..., Vault]

START = """
import sys
from ara.settings import Settings
from ara.vault import Vault
vault = Vault.open(Settings(home=sys.argv[1]), environ={})
print("ready", flush=True)
sys.stdin.readline()
"""


def together(home: Path, count: int, act: str) -> list[str]:
    """Let several processes begin at the same moment; give what each printed."""
    command = [sys.executable, "-c", START + act, str(home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([*command, str(number)], **pipes) for number in range(count)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    return said


def test_all_that_start_at_once_sign_with_the_same_key(home: Path, open_vault: Open):
    keys = together(home, 4, "print(vault.public_key().hex())")
    assert len(set(keys)) == 1
    assert open_vault().public_key().hex() == keys[0]


def test_all_that_start_at_once_encrypt_for_each_other(home: Path, open_vault: Open):
    boxes = together(home, 4, "print(vault.encrypt(sys.argv[2].encode()).hex())")
    assert sorted(open_vault().decrypt(bytes.fromhex(box)) for box in boxes) == [b"0", b"1", b"2", b"3"]


def test_no_write_is_lost(home: Path, open_vault: Open):
    together(home, 3, "for n in range(10): vault.put(f'{sys.argv[2]}.{n}', str(n))")
    assert len(open_vault().names()) == 30


def test_readers_see_a_whole_vault_while_others_rotate(home: Path, open_vault: Open):
    open_vault().put("a", "x")
    act = """
if sys.argv[2] == "0":
    for _ in range(15): vault.rotate()
else:
    assert {Vault.open(Settings(home=sys.argv[1]), environ={}).get("a").reveal() for _ in range(150)} == {"x"}
    assert {vault.get("a").reveal() for _ in range(150)} == {"x"}
"""
    together(home, 3, act)
    assert open_vault().get("a").reveal() == "x"


def test_a_key_file_shared_by_two_homes_is_made_once(tmp_path: Path, open_vault: Open):
    vaults = [open_vault(key_file=tmp_path / "key", folder=tmp_path / str(number)) for number in range(8)]
    threads = [threading.Thread(target=vault.put, args=("a", "x")) for vault in vaults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        again = open_vault(key_file=tmp_path / "key", folder=tmp_path / str(number))
        assert again.get("a").reveal() == "x"


def test_threads_share_one_vault(vault: Vault):
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(vault.public_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
