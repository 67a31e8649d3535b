"""Downloads: atomic, resumed, and with the answer of every address in errors."""

import hashlib
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest

from vae_jax.core.errors import UserError
from vae_jax.data import downloads
from vae_jax.data.downloads import fetch

CONTENT = bytes(range(256)) * 100
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "raw" / "mnist" / "images.gz"


@pytest.fixture
def begun(target):
    """A download that was interrupted halfway."""
    target.parent.mkdir(parents=True)
    partial_of(target).write_bytes(CONTENT[:12_800])
    return target


def partial_of(target):
    return target.with_name(f".{target.name}.partial")


def refused(urls, checksum, target):
    """Return the error when no address gives the file."""
    with pytest.raises(UserError) as error:
        fetch(urls, checksum, target)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_is_downloaded_into_a_new_folder(serve, target, capsys):
    with serve({"a": CONTENT}) as (address, _):
        fetch([f"{address}a"], MD5, target)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert f"{address}a (25,600 bytes)" in capsys.readouterr().err


def test_a_file_with_another_checksum_is_not_kept(serve, target):
    with serve({"a": CONTENT[1:]}) as (address, _):
        message = refused([f"{address}a"], MD5, target)
    assert message == f"{address}a: found checksum {hashlib.md5(CONTENT[1:]).hexdigest()}, needs {MD5}"
    assert not target.exists()


def test_a_file_that_ends_too_early_is_not_kept(serve, target):
    with serve({"a": CONTENT}, cut=True) as (address, _):
        message = refused([f"{address}a"], MD5, target)
    assert message == f"{address}a: ended after 12,800 of 25,600 bytes, which are kept: the next try continues"
    assert not target.exists()
    assert partial_of(target).read_bytes() == CONTENT[:12_800]


def test_an_address_without_the_file_is_reported(serve, target):
    with serve({}) as (address, _):
        assert refused([f"{address}a"], MD5, target) == f"{address}a: Not Found"


def test_an_address_without_a_server_is_reported_at_once(nobody, target):
    start = time.monotonic()
    assert "refused" in refused([nobody], MD5, target)
    assert time.monotonic() - start < downloads.TIMEOUT


def test_an_unknown_host_is_reported(target):
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


def test_every_answer_is_reported(serve, nobody, target):
    with serve({"bad": b"x"}) as (address, _):
        urls = [f"{address}none", f"{address}bad", f"{nobody}a"]
        answers = refused(urls, MD5, target).split("; ")
    assert [answer.startswith(f"{url}: ") for answer, url in zip(answers, urls, strict=True)] == [True] * 3


def test_an_empty_answer_is_reported(serve, begun):
    with serve({"a": 202}) as (address, _):
        assert refused([f"{address}a"], MD5, begun) == f"{address}a: Accepted (202), not the file"
    assert partial_of(begun).read_bytes() == CONTENT[:12_800]


def test_an_existing_file_is_not_downloaded_again(nobody, target):
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    fetch([nobody], MD5, target)
    assert list(target.parent.iterdir()) == [target]


def test_another_file_of_that_name_is_kept_and_reported(serve, target):
    target.parent.mkdir(parents=True)
    target.write_bytes(b"older")
    with serve({"a": CONTENT}) as (address, asked):
        message = refused([f"{address}a"], MD5, target)
    assert message.startswith(
        f"{target}: found checksum {hashlib.md5(b'older').hexdigest()}, needs {MD5}; move it away"
    )
    assert target.read_bytes() == b"older"
    assert not asked


def test_a_checksum_may_be_a_sha256(serve, target):
    with serve({"a": CONTENT, "bad": b"x"}) as (address, _):
        message = refused([f"{address}bad"], SHA256, target)
        assert message.startswith(f"{address}bad: found checksum {hashlib.sha256(b'x').hexdigest()}")
        fetch([f"{address}a"], SHA256, target)
    assert target.read_bytes() == CONTENT


def test_an_interrupted_download_continues(serve, target):
    with serve({"a": CONTENT}, cut=True) as (address, _):
        refused([f"{address}a"], MD5, target)
    with serve({"a": CONTENT}, ranges=True) as (address, asked):
        fetch([f"{address}a"], MD5, target)
    assert asked == ["a bytes=12800-"]
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_another_address_continues_an_interrupted_download(serve, target):
    with serve({"a": CONTENT}, cut=True) as (one, _), serve({"a": CONTENT}, ranges=True) as (other, asked):
        fetch([f"{one}a", f"{other}a"], MD5, target)
    assert asked == ["a bytes=12800-"]
    assert target.read_bytes() == CONTENT


def test_bytes_received_before_a_timeout_are_kept(target, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def begin():
            line, _ = server.accept()
            with line:
                line.recv(10_000)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 25600\r\n\r\n" + CONTENT[:5_000])
                line.recv(10_000)  # until the other side gives up

        other_side = Thread(target=begin)
        other_side.start()
        message = refused([f"http://127.0.0.1:{server.getsockname()[1]}/"], MD5, target)
        other_side.join()
    assert "timed out after 5,000 of 25,600 bytes" in message
    assert partial_of(target).read_bytes() == CONTENT[:5_000]


def test_bytes_received_before_an_interrupt_are_kept(serve, target, monkeypatch):
    class Stopping(downloads.Progress):
        def advance(self, count=1):
            raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "PIECE", 1_000)
    monkeypatch.setattr(downloads, "Progress", Stopping)
    with serve({"a": CONTENT}) as (address, _), pytest.raises(KeyboardInterrupt):
        fetch([f"{address}a"], MD5, target)
    kept = partial_of(target).read_bytes()
    assert kept
    assert CONTENT.startswith(kept)
    assert not target.exists()


def test_a_server_that_only_gives_whole_files_is_asked_once(serve, begun):
    with serve({"a": CONTENT}) as (address, asked):
        fetch([f"{address}a"], MD5, begun)
    assert asked == ["a bytes=12800-"]
    assert begun.read_bytes() == CONTENT


@pytest.mark.parametrize("more", [0, 100])
def test_a_partial_file_as_long_as_the_file_or_longer_is_dropped(serve, begun, more):
    partial_of(begun).write_bytes(bytes(len(CONTENT) + more))
    with serve({"a": CONTENT}, ranges=True) as (address, asked):
        fetch([f"{address}a"], MD5, begun)
    assert asked == [f"a bytes={25_600 + more}-", "a"]
    assert begun.read_bytes() == CONTENT


def test_a_download_that_was_stopped_at_its_very_end_needs_no_network(nobody, begun):
    partial_of(begun).write_bytes(CONTENT)
    fetch([nobody], MD5, begun)
    assert begun.read_bytes() == CONTENT
    assert not partial_of(begun).exists()


def test_a_partial_answer_that_starts_elsewhere_is_not_used(serve, begun):
    with serve({"a": CONTENT}, ranges=True, shift=1) as (address, asked):
        fetch([f"{address}a"], MD5, begun)
    assert asked == ["a bytes=12800-", "a"]
    assert begun.read_bytes() == CONTENT


def test_a_partial_file_of_another_file_is_dropped_by_its_checksum(serve, begun):
    partial_of(begun).write_bytes(bytes(10_000))
    with serve({"a": CONTENT}, ranges=True) as (address, asked):
        fetch([f"{address}a"], MD5, begun)
    assert asked == ["a bytes=10000-", "a"]
    assert begun.read_bytes() == CONTENT


def test_a_file_with_another_checksum_is_not_requested_forever(serve, begun):
    with serve({"a": CONTENT[::-1]}, ranges=True) as (address, asked):
        message = refused([f"{address}a"], MD5, begun)
    assert asked == ["a bytes=12800-", "a"]
    assert message == f"{address}a: found checksum {hashlib.md5(CONTENT[::-1]).hexdigest()}, needs {MD5}"
    assert list(begun.parent.iterdir()) == []


def test_a_file_of_unknown_length_is_read_to_its_end(target):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def give():
            line, _ = server.accept()
            with line:
                line.recv(10_000)
                line.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT)

        other_side = Thread(target=give)
        other_side.start()
        fetch([f"http://127.0.0.1:{server.getsockname()[1]}/"], MD5, target)
        other_side.join()
    assert target.read_bytes() == CONTENT


def test_two_programs_that_need_a_file_download_it_once(serve, target):
    with serve({"a": CONTENT}) as (address, asked), ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(fetch, [f"{address}a"], MD5, target) for _ in range(2)]:
            done.result()
    assert asked == ["a"]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_only(serve, target, capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with serve({"a": CONTENT}) as (address, _):
        fetch([f"{address}a"], MD5, target)
    assert ("images.gz:" in capsys.readouterr().err) == terminal


def test_a_folder_that_can_not_be_made_is_named(serve, tmp_path):
    (tmp_path / "raw").write_text("a file")
    with serve({"a": CONTENT}) as (address, _):
        message = refused([f"{address}a"], MD5, tmp_path / "raw" / "images.gz")
    assert message.startswith(f"{tmp_path}/raw/images.gz: can't be written")
    assert message.endswith("change config.data.raw_dir or config.data.prepared_dir")
