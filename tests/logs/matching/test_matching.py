"""Both engines find what `literal in line.lower()` finds; what is kept for the next run is read only if it is ours."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagkit.logs import kept
from diagkit.logs.errors import SAYS_ERROR
from diagkit.logs.lines import _ENVELOPE
from diagkit.logs.matching import vectorscan
from diagkit.logs.matching.blindness import MASK, is_blind
from diagkit.logs.matching.engine import Engine, finder, searching
from diagkit.logs.matching.plain import Plain
from diagkit.logs.matching.vectorscan import Unavailable, Vectorscan
from diagkit.logs.matching.windows import NARROWEST, WIDEST, windows
from diagkit.logs.signatures import catalogue

LITERALS = sorted({literal.encode() for s in catalogue().values() for literal in s.literals})
pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    vectorscan._compiled.cache_clear()
    yield tmp_path / "diagkit"
    vectorscan._compiled.cache_clear()


literals = st.lists(st.sampled_from(LITERALS), min_size=1, max_size=150, unique=True)
pieces = st.one_of(
    st.sampled_from(LITERALS),
    st.sampled_from(LITERALS).map(bytes.upper),
    st.sampled_from(LITERALS).map(lambda literal: literal[:-1]),
    st.sampled_from([b"\n", b"\r\n", b"\0", b" ", b"\xff", "\u212a".encode()]),
    st.binary(max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(literals=literals, text=st.lists(pieces, max_size=40).map(b"".join))
def test_both_engines_report_every_line_once_for_each_literal_it_holds(literals: list[bytes], text: bytes) -> None:
    wanted, start = [], 0
    for line in text.split(b"\n"):
        wanted += [(start, number) for number, literal in enumerate(literals) if literal in line.lower()]
        start += len(line) + 1
    assert list(searching(literals, Plain)(text)) == wanted
    assert list(searching(literals, Vectorscan)(text)) == wanted


def test_the_plain_search_forgets_and_learns_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagkit.logs.matching.plain.MOST", 100)
    found = Plain([b"no space left"])
    text = b"".join(b"write %c: No space left\n" % (65 + n) for n in range(26))
    assert [len(found.places(text)) for _ in range(3)] == [26, 26, 26]


def test_without_the_wheel_the_plain_search_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert finder(LITERALS).engine == "vectorscan"
    monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    assert finder(LITERALS).engine == "plain"


def test_so_it_does_on_a_processor_that_vectorscan_was_not_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorscan, "_processor", lambda: "fpu sse2")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(Unavailable):
        Vectorscan(LITERALS)
    assert finder(LITERALS).engine == "plain"


def test_a_window_is_a_piece_of_every_literal_it_stands_for() -> None:
    cut = windows(LITERALS)
    assert sorted(number for numbers in cut.values() for number in numbers) == list(range(len(LITERALS)))
    for window, numbers in cut.items():
        assert all(window in LITERALS[number] for number in numbers)
        assert len(window) <= WIDEST
        assert len(window) >= NARROWEST or window in {LITERALS[number] for number in numbers}


def compiles(monkeypatch: pytest.MonkeyPatch, engine: Engine = Vectorscan) -> bool:
    """Whether a new process would have to compile."""
    vectorscan._compiled.cache_clear()
    cut = []
    monkeypatch.setattr(vectorscan, "windows", lambda literals: cut.append(1) or windows(literals))
    found = engine([b"no space left", b"too many open files"])
    assert found.held(b"No Space Left") == [0]
    return bool(cut)


def test_what_was_compiled_is_kept_for_this_user_alone(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiles(monkeypatch)
    (file,) = cache.iterdir()
    assert (cache.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert not compiles(monkeypatch)


@pytest.mark.parametrize(
    "harm", ["truncated", "changed", "emptied", "open to all", "folder open to all", "a link", "a pipe"]
)
def test_what_somebody_else_could_have_written_is_not_read(
    cache: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    compiles(monkeypatch)
    (file,) = cache.iterdir()
    data = file.read_bytes()
    match harm:
        case "truncated":
            file.write_bytes(data[:-1])
        case "changed":
            file.write_bytes(data[:-9] + b"x" + data[-8:])
        case "emptied":
            file.write_bytes(b"")
        case "open to all":
            file.chmod(0o666)
        case "folder open to all":
            cache.chmod(0o777)
        case "a link":
            file.rename(file.with_name("elsewhere"))
            file.symlink_to("elsewhere")
        case "a pipe":
            file.unlink()
            os.mkfifo(file, 0o600)
    assert compiles(monkeypatch)


def test_a_database_that_does_not_fit_is_made_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiles(monkeypatch)
    (file,) = cache.iterdir()
    kept.store(file.name.removesuffix(kept.SUFFIX), b"[[0], [1]]\nfrom another version")
    assert compiles(monkeypatch)


def test_nothing_is_read_or_left_where_another_user_is_at_home(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiles(monkeypatch)
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    assert compiles(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent / "of_somebody_else"))
    assert compiles(monkeypatch)
    assert not (cache.parent / "of_somebody_else").exists()


@pytest.mark.parametrize("home", ["", "relative", "/dev/null"])
def test_without_a_place_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    monkeypatch.setenv("HOME", home)
    assert compiles(monkeypatch)
    assert compiles(monkeypatch)


@pytest.mark.parametrize(
    ("pattern", "blind"),
    [
        (r"killed \d+ of [0-9]{2,3}", True),
        (r"(?P<name>\w+)(?: |$)[^\s:]*+.(?!x)(?<=y)", True),
        (r"(?>\S+|\D)(?:a|\W)", True),
        (r"errno 13", False),
        (r"[1-9]\d*", False),
        (r"[^0]", False),
        (r"[^7x]", False),
        (r"(?!.* 50[24] )", False),
        (r"(\d+) of \1", False),
        (r"(?i:[a-z]{3})(?s:.)", True),
        (r"[\d.]+", True),
        (r"[!-:]", True),
        (r"[!-5]", False),
    ],
)
def test_it_is_known_which_patterns_cannot_tell_digits_apart(pattern: str, *, blind: bool) -> None:
    assert is_blind(re.compile(pattern, re.ASCII)) is blind


BLIND = [s.pattern for s in catalogue().values() if s.pattern and is_blind(s.pattern)]
EXAMPLES = [text for s in catalogue().values() for text in (s.match, s.miss)]


@settings(max_examples=300, deadline=None)
@given(
    pattern=st.sampled_from(BLIND),
    text=st.sampled_from(EXAMPLES),
    random=st.randoms(use_true_random=False),
)
def test_blind_patterns_find_the_same_whatever_the_digits(pattern: re.Pattern[str], text: str, random: object) -> None:
    other = re.sub("[0-9]", lambda _: str(random.randrange(10)), text)
    one, two = pattern.search(text), pattern.search(other)
    assert (one and one.regs) == (two and two.regs)
    assert text.encode().translate(MASK) == other.encode().translate(MASK)


def test_what_every_line_is_read_with_is_blind() -> None:
    assert is_blind(SAYS_ERROR)
    assert is_blind(_ENVELOPE)
