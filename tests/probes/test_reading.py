"""What many parsers share: counters that cannot be compared are not compared."""

import pytest

from diagkit.model import Reply
from diagkit.probes import Garbled
from diagkit.probes.reading import by_file, elapsed, since, unescape, whole


def test_two_samples_too_close_together_make_no_rate():
    assert elapsed(Reply(at=100.0), Reply(at=102.5)) == 2.5
    for after in (100.0, 100.1, 99.0):
        with pytest.raises(Garbled):
            elapsed(Reply(at=100.0), Reply(at=after))


def test_a_counter_that_ran_backwards_was_reset():
    assert since({"errors": 5}, {"errors": 9}, "errors") == 4
    for before, after in ({"errors": 9}, {"errors": 5}), ({}, {"errors": 5}), ({"errors": 5}, {}):
        with pytest.raises(Garbled):
            since(before, after, "errors")


def test_the_files_of_a_glob():
    assert by_file(Reply(out=b"/a/x:1\n/a/y:2\n/a/x:3: 4\n")) == {"/a/x": ["1", "3: 4"], "/a/y": ["2"]}
    assert by_file(Reply(out=b"/a/x:1\n/a/y:2", cut=True)) == {"/a/x": ["1"]}
    with pytest.raises(Garbled):
        by_file(Reply(out=b"nothing like it\n"))


@pytest.mark.parametrize("text", ["", "max", "-1", "1 2", "0x10"])
def test_a_number_is_a_number(text):
    assert whole(" 12\n", "it") == 12
    with pytest.raises(Garbled):
        whole(text, "it")


def test_the_kernel_writes_spaces_in_octal():
    assert unescape(r"/mnt/my\040share\011x") == "/mnt/my share\tx"
