"""The metrics of a run on disk, through crashes and continuations."""

import json
import logging
import struct

import pytest

from vae_jax.training.metrics_log import MetricsLog, read_metrics


def line(step, member=0, split="train", loss=1.5):
    return {"step": step, "epoch": step / 10, "member": member, "split": split, "loss": loss}


def record(folder, lines, *, from_step=0, tensorboard=False):
    metrics_log = MetricsLog(folder / "metrics.jsonl", folder / "events" if tensorboard else None, from_step=from_step)
    for each in lines:
        metrics_log.write(each)
    metrics_log.close()


def read(folder):
    return [json.loads(text) for text in (folder / "metrics.jsonl").read_text().splitlines()]


def raw_events(folder):
    """Read the record files that TensorBoard reads."""
    from tensorboardX.proto.event_pb2 import Event

    for path in sorted((folder / "events").iterdir()):
        content, at = path.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack_from("<Q", content, at)
            yield Event.FromString(content[at + 12 : at + 12 + length])
            at += 12 + length + 4


def events(folder):
    """Scalars by tag, as (step, value)."""
    found = {}
    for event in raw_events(folder):
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_lines_are_kept_as_they_were_written(tmp_path):
    lines = [line(10), line(10, member=1, loss=0.1), line(10, split="test")]
    record(tmp_path, lines)
    assert read(tmp_path) == lines


def test_a_line_is_on_the_disk_as_soon_as_it_is_written(tmp_path):
    metrics_log = MetricsLog(tmp_path / "metrics.jsonl", None, from_step=0)
    metrics_log.write(line(10))
    assert read(tmp_path) == [line(10)]
    metrics_log.close()


def test_lines_after_the_step_of_the_checkpoint_are_dropped(tmp_path):
    record(tmp_path, [line(10), line(20), line(20, split="test"), line(30)])
    record(tmp_path, [line(30, loss=7.0)], from_step=20)
    assert read(tmp_path) == [line(10), line(20), line(20, split="test"), line(30, loss=7.0)]


def test_a_run_from_the_start_drops_all_lines(tmp_path):
    record(tmp_path, [line(10), line(20)])
    record(tmp_path, [], from_step=0)
    assert read(tmp_path) == []


@pytest.mark.parametrize("cut", [1, 15, 40])
def test_a_line_that_a_crash_cut_is_dropped(tmp_path, cut):
    whole = json.dumps(line(10)) + "\n"
    (tmp_path / "metrics.jsonl").write_text(whole + json.dumps(line(20))[:cut])
    record(tmp_path, [line(20, loss=7.0)], from_step=20)
    assert read(tmp_path) == [line(10), line(20, loss=7.0)]


def test_a_crash_while_old_lines_are_dropped_loses_none(tmp_path, monkeypatch):
    from pathlib import Path

    record(tmp_path, [line(10), line(20)])

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        record(tmp_path, [], from_step=10)
    assert read(tmp_path) == [line(10), line(20)]


def test_losses_go_to_tensorboard_by_member_and_split(tmp_path):
    record(tmp_path, [line(10), line(10, member=1, loss=0.5), line(20, split="test")], tensorboard=True)
    assert events(tmp_path) == {
        "member_0/train/loss": [(10, 1.5)],
        "member_1/train/loss": [(10, 0.5)],
        "member_0/test/loss": [(20, 1.5)],
    }


def test_tensorboard_drops_events_after_the_step_of_the_checkpoint(tmp_path):
    record(tmp_path, [line(10), line(20)], tensorboard=True)
    assert not any(event.HasField("session_log") for event in raw_events(tmp_path))
    record(tmp_path, [line(20)], from_step=10, tensorboard=True)
    starts = [event for event in raw_events(tmp_path) if event.HasField("session_log")]
    assert [event.step for event in starts] == [11]
    assert starts[0].session_log.status == starts[0].session_log.START


def test_no_events_are_written_without_tensorboard_or_lines(tmp_path):
    record(tmp_path, [line(10)])
    record(tmp_path, [], tensorboard=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.jsonl"]


def test_a_line_cut_short_by_a_crash_is_dropped_without_a_warning(tmp_path, caplog):
    path, lines = tmp_path / "metrics.jsonl", [line(1), line(2, loss=float("inf"))]
    assert read_metrics(path) == []
    path.write_text("".join(json.dumps(each) + "\n" for each in lines) + '{"step": 3, "lo')
    assert read_metrics(path) == lines
    assert not caplog.records


@pytest.mark.parametrize("damaged", [b"{", b"\xff", b"7", b'{"step": "x"}', b"[" * 100_000])
def test_damaged_lines_are_left_out_and_counted(tmp_path, caplog, damaged):
    path = tmp_path / "metrics.jsonl"
    caplog.set_level(logging.WARNING, "vae_jax")
    lines = [damaged, json.dumps(line(1)).encode()]
    for texts in (lines, lines[::-1]):
        caplog.clear()
        path.write_bytes(b"\n".join(texts) + b"\n")
        assert read_metrics(path) == [line(1)]
        assert "metrics.jsonl: 1 of 2 lines can't be read and are left out" in caplog.text
