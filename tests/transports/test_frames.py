"""The frames of an answer: told apart by the mark alone, wherever the stream is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diagkit.transports.frames import Stream, cut_files, cut_lines

MARK = b"diagkit=5f"
BODIES = st.binary(max_size=40) | st.sampled_from([b"\n", b"\ndiagkit=5", b"\ndiagkit=00 E 1 0 1.0\n", b"\n\n\0\xff"])


def written(bodies: list[bytes], noise: bytes = b"") -> bytes:
    frames = b"".join(
        b"\n%b B %d 10.50\n%b\n%b E %d 3 12.75\ncomplaint %d" % (MARK, n, body, MARK, n, n)
        for n, body in enumerate(bodies)
    )
    return noise + b"\n%b S 10.25\n" % MARK + frames + b"\n%b L 1\n" % MARK


def read(data: bytes, pieces: int = 1_000) -> Stream:
    stream = Stream(MARK, expected=1)
    for start in range(0, len(data), pieces):
        stream.feed(data[start : start + pieces])
    stream.read()
    return stream


@given(st.lists(BODIES, max_size=5), BODIES, st.integers(1, 50))
def test_what_was_written_is_read_in_whatever_pieces_it_arrives(bodies: list[bytes], noise: bytes, pieces: int) -> None:
    stream = read(written(bodies, noise), pieces)
    assert stream.done
    assert (stream.started, stream.noise) == (10.25, noise)
    assert [frame.out for _, frame in sorted(stream.frames.items())] == bodies
    assert all((f.code, f.begun, f.ended) == (3, 10.5, 12.75) for f in stream.frames.values())
    assert [frame.err for frame in stream.frames.values()] == [b"complaint %d" % n for n in range(len(bodies))]


@given(st.lists(BODIES, min_size=1, max_size=4), st.data())
def test_cut_anywhere_it_never_claims_to_be_whole(bodies: list[bytes], data: st.DataObject) -> None:
    whole = written(bodies)
    cut = data.draw(st.integers(0, len(whole) - 1))
    stream = read(whole[:cut])
    assert not stream.done
    for number, frame in stream.frames.items():
        assert bodies[number].startswith(frame.out) if frame.code is None else frame.out == bodies[number]


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_only_noise(data: bytes) -> None:
    stream = read(data)
    assert (stream.started, stream.frames, stream.done) == (None, {}, False)


def test_the_first_to_claim_a_number_has_it() -> None:
    again = b"\n%b B 0 1.0\nlater\n%b E 0 0 1.0\n" % (MARK, MARK)
    assert read(written([b"first"]) + again).frames[0].out == b"first"


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"diagkit=5f\0" not in b), min_size=1, max_size=5))
def test_files_of_a_batch_are_told_apart(contents: list[bytes]) -> None:
    environ = MARK + b"\0PATH=/bin:/usr/bin\0"
    assert cut_files(b"".join(c + environ for c in contents), MARK) == [*contents, b""]


def test_lines_of_a_batch_are_told_apart() -> None:
    separator = b"/proc/self/environ:" + MARK + b"\0PATH=/bin\0\n"
    assert cut_lines(b"/a:1\n/a:2\n" + separator + separator + b"/b:/proc/self/environ:\n", MARK) == [
        b"/a:1\n/a:2\n",
        b"",
        b"/b:/proc/self/environ:\n",
    ]
