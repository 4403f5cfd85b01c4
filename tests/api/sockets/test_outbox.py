import asyncio
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ara.api.sockets.channel import Channel, Outbox, packed

NOW = datetime(2024, 1, 2, tzinfo=UTC)


def waiting(outbox):
    return [json.loads(one) for one in asyncio.run(outbox.next(NOW))]


@given(st.lists(st.integers(1, 5), max_size=40), st.integers(1, 6))
def test_who_reads_slowly_gets_the_newest_and_is_told_what_was_dropped(bursts, most):
    channel, outbox = Channel(1000), Outbox(most)
    channel.listeners.add(outbox)
    seen, dropped = 0, 0
    for burst in bursts:
        for _ in range(burst):
            channel.tell("bar", NOW, {})
        for one in waiting(outbox):
            if one["type"] == "dropped":
                assert one["data"]["from"] == seen + 1
                assert one["data"]["count"] == one["data"]["to"] - seen
                seen = one["data"]["to"]
                dropped += one["data"]["count"]
            else:
                assert one["seq"] == seen + 1
                seen = one["seq"]
        assert seen == channel.seq
    assert dropped == 0 or max(bursts) > most


def test_who_never_reads_is_slow_and_holds_little():
    channel, outbox = Channel(10), Outbox(4)
    channel.listeners.add(outbox)
    for _ in range(16):
        channel.tell("bar", NOW, {})
    assert not outbox.slow
    for _ in range(40):
        channel.tell("bar", NOW, {})
    assert outbox.slow
    assert len(waiting(outbox)) <= 5


@given(st.integers(1, 8), st.integers(0, 30), st.integers(-3, 40))
def test_what_was_missed_is_whole_or_said_to_be_gone(most, told, seq):
    channel = Channel(most)
    for number in range(told):
        channel.tell("bar", NOW, {"n": number})
    missed = channel.after(channel.stream, seq)
    if missed is None:
        assert seq < max(told - most, 0) or seq > told or seq < 0
    else:
        assert [one for one, _ in missed] == list(range(seq + 1, told + 1))
    assert channel.after("another", seq) is None


def test_large_messages_are_kept_for_a_few_megabytes_alone():
    channel = Channel(10_000)
    for _ in range(100):
        channel.tell("bar", NOW, {"x": "y" * 100_000})
    missed = channel.after(channel.stream, 70)
    assert missed is not None
    assert channel.after(channel.stream, 10) is None
    assert len(channel.last()) == 1


def test_a_sign_of_life_is_left_out_where_something_waits():
    outbox = Outbox(4)
    outbox.beat("one")
    outbox.beat("two")
    assert asyncio.run(outbox.next(NOW)) == ["one"]


def test_numbers_and_place_stand_in_what_is_told_to_all_alone():
    assert "seq" not in json.loads(packed("pong", NOW, {}))
    told = json.loads(packed("bar", NOW, {"a": 1}, stream="ab", seq=7))
    assert told == {"type": "bar", "stream": "ab", "seq": 7, "at": NOW.isoformat(), "data": {"a": 1}}
