"""Downloads: there whole or not at all, and what every address answered is said."""

import hashlib
import socket
import time
from threading import Thread

import pytest

from vae_jax.data import downloads
from vae_jax.data.downloads import fetch
from vae_jax.errors import UserError

CONTENT = bytes(range(256)) * 100
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "raw" / "mnist" / "images.gz"


def refused(urls, md5, target):
    """What is said when none of the addresses gives the file."""
    with pytest.raises(UserError) as error:
        fetch(urls, md5, target)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_arrives_whole_in_a_folder_made_for_it(serve, target, capsys):
    with serve({"a": CONTENT}) as (address, _):
        fetch([f"{address}a"], MD5, target)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert f"{address}a (25,600 bytes)" in capsys.readouterr().err


def test_a_file_with_another_checksum_is_not_kept(serve, target):
    with serve({"a": CONTENT[1:]}) as (address, _):
        said = refused([f"{address}a"], MD5, target)
    assert said == f"{address}a: found checksum {hashlib.md5(CONTENT[1:]).hexdigest()}, needs {MD5}"
    assert not target.exists()


def test_a_file_that_ends_too_early_is_not_kept(serve, target):
    with serve({"a": CONTENT}, cut=True) as (address, _):
        said = refused([f"{address}a"], MD5, target)
    assert said.startswith(f"{address}a: IncompleteRead")
    assert not target.exists()


def test_an_address_without_the_file_says_so(serve, target):
    with serve({}) as (address, _):
        assert refused([f"{address}a"], MD5, target) == f"{address}a: Not Found"


def test_an_address_without_a_server_says_so_at_once(nobody, target):
    start = time.monotonic()
    assert "refused" in refused([nobody], MD5, target)
    assert time.monotonic() - start < downloads.TIMEOUT


def test_a_host_without_a_name_says_so(target):
    assert refused(["http://no-such-host.invalid/a"], MD5, target).startswith("http://no-such-host.invalid/a: ")


@pytest.mark.parametrize("answer", [None, b"SSH-2.0-no HTTP at all\r\n", b""], ids=["silent", "no HTTP", "hangs up"])
def test_a_server_that_gives_no_answer_is_given_up(target, monkeypatch, answer):
    monkeypatch.setattr(downloads, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def converse():
            line, _ = server.accept()
            with line:
                line.recv(10_000)
                if answer is None:
                    line.recv(10_000)  # until the other side gives up
                else:
                    line.sendall(answer)

        other_side = Thread(target=converse)
        other_side.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        start = time.monotonic()
        assert refused([address], MD5, target).startswith(f"{address}: ")
        assert time.monotonic() - start < 3
        other_side.join()


def test_the_next_address_is_asked_where_one_fails(serve, nobody, target):
    with serve({"bad": b"x", "good": CONTENT}) as (address, asked):
        fetch([f"{nobody}a", f"{address}none", f"{address}bad", f"{address}good", f"{address}more"], MD5, target)
    assert target.read_bytes() == CONTENT
    assert asked == ["none", "bad", "good"]


def test_every_answer_is_said(serve, nobody, target):
    with serve({"bad": b"x"}) as (address, _):
        urls = [f"{address}none", f"{address}bad", f"{nobody}a"]
        answers = refused(urls, MD5, target).split("; ")
    assert [answer.startswith(f"{url}: ") for answer, url in zip(answers, urls, strict=True)] == [True] * 3


def test_a_failed_download_leaves_the_file_that_was_there(nobody, target):
    target.parent.mkdir(parents=True)
    target.write_bytes(b"older")
    refused([nobody], MD5, target)
    assert target.read_bytes() == b"older"


def test_a_folder_that_can_not_be_made_is_named(serve, tmp_path):
    (tmp_path / "raw").write_text("a file")
    with serve({"a": CONTENT}) as (address, _):
        said = refused([f"{address}a"], MD5, tmp_path / "raw" / "images.gz")
    assert said.startswith(f"{tmp_path}/raw/images.gz: can't be written")
    assert said.endswith("change config.data.raw_dir")
