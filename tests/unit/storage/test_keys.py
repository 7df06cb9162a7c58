import logging
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from bot.core.errors import SettingsError
from bot.storage.keys import KEY_FILE, Keys, load_or_create

OLD, NEW = "an old secret of an operator", "a new secret of an operator"


def test_same_secret_gives_the_same_row_key_after_a_restart():
    assert Keys([OLD]).row_keys("telegram", "123") == Keys([f" {OLD}\n"]).row_keys("telegram", "123")


def test_row_keys_differ_by_reader_platform_and_secret():
    keys = [
        *Keys([OLD, NEW]).row_keys("telegram", "123"),
        *Keys([OLD]).row_keys("telegram", "124"),
        *Keys([OLD]).row_keys("web", "123"),
    ]
    assert len(set(keys)) == 4
    assert {len(key) for key in keys} == {32}


def test_sealed_text_comes_back_only_with_its_row_and_its_secret():
    sealed = Keys([OLD]).seal(b"what_is", bound_to=b"row")
    assert Keys([OLD]).unseal(sealed, bound_to=b"row") == b"what_is"
    assert Keys([NEW, OLD]).unseal(sealed, bound_to=b"row") == b"what_is"
    assert Keys([OLD]).unseal(sealed, bound_to=b"another row") is None
    assert Keys([NEW]).unseal(sealed, bound_to=b"row") is None


@pytest.mark.parametrize("at", [0, 12, -1], ids=["nonce", "text", "tag"])
def test_changed_byte_is_noticed(at):
    sealed = bytearray(Keys([OLD]).seal(b"what_is", bound_to=b"row"))
    sealed[at] ^= 1
    assert Keys([OLD]).unseal(bytes(sealed), bound_to=b"row") is None


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_torn_text_counts_as_none(length):
    assert Keys([OLD]).unseal(Keys([OLD]).seal(b"what_is", bound_to=b"row")[:length], bound_to=b"row") is None


def test_first_secret_encrypts():
    sealed = Keys([NEW, OLD]).seal(b"what_is", bound_to=b"row")
    assert Keys([NEW]).unseal(sealed, bound_to=b"row") == b"what_is"
    assert Keys([OLD]).unseal(sealed, bound_to=b"row") is None


def test_openssl_without_siv_still_encrypts(monkeypatch):
    def refuse(key: bytes) -> None:
        raise UnsupportedAlgorithm("no SIV")

    monkeypatch.setattr("bot.storage.keys.AESGCMSIV", refuse)
    sealed = Keys([OLD]).seal(b"what_is", bound_to=b"row")
    assert Keys([OLD]).unseal(sealed, bound_to=b"row") == b"what_is"
    assert Keys([OLD]).unseal(sealed, bound_to=b"other") is None


@pytest.mark.parametrize("secrets", [[], [""], [OLD, " "]])
def test_empty_secret_is_refused_by_the_name_of_its_variable(secrets):
    with pytest.raises(SettingsError, match="EXPLAINER_SECRET_KEY holds an empty key"):
        Keys(secrets)


def test_short_secret_is_warned_of_and_not_repeated(caplog):
    Keys(["hunter2"])
    assert "shorter than 16 characters" in caplog.text
    assert "hunter2" not in caplog.text


def test_key_file_is_made_once_for_its_owner_alone_with_a_warning(folder, caplog):
    made = load_or_create(folder)
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert (folder / KEY_FILE).read_text().strip() not in caplog.text
    caplog.clear()
    assert load_or_create(folder).fingerprints == made.fingerprints
    assert caplog.records == []
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_processes_that_start_together_agree_on_one_key(folder):
    with ThreadPoolExecutor(8) as pool:
        fingerprints = {keys.fingerprints for keys in pool.map(lambda _: load_or_create(folder), range(32))}
    assert len(fingerprints) == 1


def test_key_file_that_others_can_read_is_warned_of(folder, caplog):
    load_or_create(folder)
    caplog.clear()
    (folder / KEY_FILE).chmod(0o644)
    load_or_create(folder)
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize(("content", "said"), [(b"\n", "is empty"), (b"\xff\xfe", "is not text")])
def test_spoilt_key_file_is_refused(folder, content, said):
    folder.mkdir()
    (folder / KEY_FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        load_or_create(folder)


def test_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"can be neither read nor made .*EXPLAINER_DATA"):
        load_or_create(tmp_path / "file")
