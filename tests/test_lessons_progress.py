"""The token brings everything back, is short, and is refused as a whole when a single letter of it is wrong."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib.lessons import TokenError, progress
from backprop_lib.lessons import record as module
from backprop_lib.lessons.keys import KEYS, key_at, place
from backprop_lib.lessons.record import A_NUMBER, FILE, PREFIX, Entry, Progress, checked_key

LISTED = [f"{notebook}.{name}" for notebook, names in KEYS.items() for name in names]
numbers = st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.6g}")) | st.sampled_from([0.0, -0.0, 1e-300, -1e300, 0.1])
entries = st.builds(Entry, st.integers(1, 6), st.booleans()) | st.builds(
    Entry, st.just(A_NUMBER), st.booleans(), numbers
)
UNLISTED = ["09.x", "05.predict.sum-or-product", "00.0", "99." + "a" * 37, "12.post.13", "03#100", "50#254"]
records = st.dictionaries(st.sampled_from(LISTED) | st.sampled_from(UNLISTED), entries, max_size=40)


def with_entries(entries: dict[str, Entry]) -> Progress:
    record = Progress()
    record._entries = dict(entries)
    return record


@given(records)
@settings(max_examples=300)
def test_what_the_token_holds_comes_back(entries):
    token = with_entries(entries).token()
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    fresh = Progress()
    fresh.restore(token)
    assert fresh._entries == entries
    assert fresh.token() == token


@given(records, records)
def test_restoring_keeps_what_is_right_and_what_is_new(mine, theirs):
    record = with_entries(mine)
    record.restore(with_entries(theirs).token())
    assert set(record._entries) == set(mine) | set(theirs)
    for key, entry in record._entries.items():
        assert entry in (mine.get(key), theirs.get(key))
        assert entry.right == any(side[key].right for side in (mine, theirs) if key in side)
        if key in mine and mine[key].right == entry.right:
            assert entry == mine[key]
    once = record.token()
    record.restore(with_entries(theirs).token())
    assert record.token() == once, "restoring twice changes nothing more"


SAMPLE = with_entries(
    {
        "00.pre.1": Entry(2),
        "03.check.relu": Entry(3, True),
        "03.predict.own": Entry(A_NUMBER, False, 0.25),
        "09.x": Entry(1),
    }
)
LETTERS = string.ascii_letters + string.digits + "-_=+/.,! é\0"


def refused(record: Progress, token: object) -> str:
    before = dict(record._entries)
    with pytest.raises(TokenError) as refusal:
        record.restore(token)
    assert record._entries == before
    return str(refusal.value)


def test_every_damage_to_a_single_letter_is_refused():
    token = SAMPLE.token()
    record = with_entries({"01.check.square": Entry(1, True)})
    tried = 0
    for i in range(len(token)):
        for letter in LETTERS:
            if letter != token[i]:
                says = refused(record, token[:i] + letter + token[i + 1 :])
                assert "damaged" in says or "begins with BP1." in says
                tried += 1
            if not letter.isspace():
                refused(record, token[:i] + letter + token[i:])
        refused(record, token[:i] + token[i + 1 :])
        if i:
            refused(record, token[:i])
    for i in range(len(token) - 1):
        if token[i] != token[i + 1]:
            refused(record, token[:i] + token[i + 1] + token[i] + token[i + 2 :])
    assert tried > 2000


def test_a_letter_more_at_the_end_is_refused():
    for letter in LETTERS:
        if not letter.isspace():
            refused(Progress(), SAMPLE.token() + letter)


@pytest.mark.parametrize(
    "wrapping",
    ["{}\n", "  {}", "'{}'", '"{}"', "`{}`", "“{}”", "\r\n{}\t"]
    + [
        "\ufeff{}",
        "\u200b{}\u200b",
        "«{}»",
        "‹{}›",
        "({})",
        "<{}>",
        'progress.restore("{}")',
        "progress.restore('{}')\n",
    ],
)
def test_what_copying_adds_around_a_token_does_no_harm(wrapping):
    record = Progress()
    record.restore(wrapping.format(SAMPLE.token()))
    assert record._entries == SAMPLE._entries
    token = SAMPLE.token()
    record = Progress()
    record.restore(token[:10] + "\n" + token[10:])
    assert record._entries == SAMPLE._entries


@pytest.mark.parametrize(
    ("foreign", "says"),
    [
        ("hello", "begins with BP1."),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "begins with BP1."),
        ("BP2.AAAA", "begins with BP1. and this one, with BP2., is of another edition"),
        ("BP1.", "damaged"),
        ("BP1.AAAA", "damaged"),
        ("BP1." + base64.urlsafe_b64encode(b"cos\nsystem\n(S'true'\ntR.").decode(), "damaged"),
        ("BP1." + "A" * 5000, "damaged"),
        ("BP1." + "A" * 10_000_000, "far longer than any token"),
        ("BP1.é", "damaged"),
        ("BP1.\0", "damaged"),
        (b"BP1.AAAA", "of type bytes"),
        (42, "of type int"),
        ({"03.check.relu": 1}, "of type dict"),
        ("__import__('os').system('true')", "begins with BP1."),
    ],
    ids=lambda value: repr(value)[:25],
)
def test_foreign_tokens_are_refused(foreign, says):
    assert says in refused(with_entries({"03.check.relu": Entry(1)}), foreign)


@given(st.binary(max_size=60))
@settings(max_examples=1000)
def test_bytes_with_a_right_checksum_are_read_as_written_or_refused(payload):
    packed = payload + module._checksum(payload)
    token = PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    record = Progress()
    try:
        record.restore(token)
    except TokenError:
        assert not record._entries
    else:
        assert record.token() == token
        assert all(1 <= entry.choice <= A_NUMBER for entry in record._entries.values())


@pytest.mark.parametrize(
    "payload",
    [
        [255, 255, 1, 2, 3],  # more than is read
        [3, 1, 1],  # no end
        [3, 4, 1, 0, 255, 255],  # places that hold nothing
        [4, 1, 1, 3, 1, 1, 255, 255],  # notebooks out of order
        [3, 1, 1, 3, 1, 2, 255, 255],  # one twice
        [200, 1, 1, 255, 255],  # a notebook that cannot be
        [3, 1, 7, 255, 255],  # a number that is not there
        [255, 4, *b"03.x", 16, 255],  # half a byte too large
        [255, 4, *b"03.X", 1, 255],  # a key that cannot be
        [255, 14, *b"03.check.relu", 1, 255],  # a listed key, spelt out
    ],
)
def test_what_token_would_have_written_otherwise_is_refused(payload):
    packed = bytes(payload) + module._checksum(bytes(payload))
    assert "damaged" in refused(Progress(), PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("="))


def test_a_refusal_in_a_notebook_is_one_sentence_not_a_traceback():
    with pytest.raises(TokenError) as refusal:
        Progress().restore("hello")
    (line,) = refusal.value._render_traceback_()
    assert line.startswith("The token was refused, and nothing was changed.") and "\n" not in line


@pytest.mark.parametrize("nothing", [None, "", ...])
def test_no_token_is_quiet(nothing):
    record = Progress()
    assert "No token given" in record.restore(nothing).text
    assert not record._entries


def test_a_full_course_fits_in_400_letters():
    record = Progress()
    for notebook in range(13):
        for n in range(20):
            record._entries[f"{notebook:02}#{n}"] = Entry(1 + n % 6, n % 2 == 0)
        record._entries[f"{notebook:02}#20"] = Entry(A_NUMBER, True, 0.25 * notebook)
        record._entries[f"{notebook:02}#21"] = Entry(A_NUMBER, False, -12.5)
    assert len(record._entries) == 286
    assert len(record.token()) < 400, len(record.token())


def test_a_newer_edition_s_answers_survive_an_older_one():
    newer = with_entries({"03#200": Entry(3, True), "77#0": Entry(A_NUMBER, False, 1.5), "03.quiz.1": Entry(2)})
    older = Progress()
    older.restore(newer.token())
    assert older.token() == newer.token()


def test_keys_have_a_fixed_place():
    assert len(set(LISTED)) == len(LISTED)
    for key in LISTED:
        checked_key(key)
        assert key_at(*place(key)) == key
    assert place("07.not.listed") is None
    assert all(len(names) < 200 for names in KEYS.values())


# Students have written these down. If one is read otherwise, a key was moved: append new ones at the end.
WRITTEN_DOWN = {
    "BP1.AAwyFDIUMhQBCgkAAAAwAgsAYAAAAAsDDAoAAQAAoAQKAMAAABAMDAAAAAAAoP8UMDMucHJlZGljdC5vZi1teS1vd24P___9-wE3m2pG": {
        **{f"00.pre.{n}": Entry(1 + n % 4) for n in range(1, 13)},
        "01.check.square": Entry(1, True),
        "01.quiz.4": Entry(3),
        "02.check.max-backward": Entry(6),
        "02.quiz.5": Entry(3, True),
        "03.check.relu": Entry(2, True),
        "03.check.kill": Entry(1),
        "03.quiz.5": Entry(2, True),
        "04.check.target-zero": Entry(4, True),
        "04.quiz.4": Entry(1),
        "12.post.12": Entry(2, True),
        "03.predict.of-my-own": Entry(A_NUMBER, True, -0.125),
    }
}


@pytest.mark.parametrize("token", WRITTEN_DOWN)
def test_old_tokens_are_still_read(token):
    record = Progress()
    record.restore(token)
    assert record._entries == WRITTEN_DOWN[token]


@pytest.mark.parametrize(
    "key", ["", "3.check", "03", "03.", "03.Check", "03.a b", "03.a/../b", "03." + "a" * 60, None, "03.<b>", "03#1"]
)
def test_keys_that_cannot_be_used(key):
    with pytest.raises(ValueError, match="such as '03.predict.relu'"):
        Progress().note(key, 1)


def test_what_is_shown():
    assert repr(Progress()) == "○ Nothing answered yet"
    record = SAMPLE
    assert "notebook 03: 2 answers, 1 right" in repr(record) and record.token() in repr(record)
    assert set(record._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert isinstance(progress, Progress)


# --- the file ---


@pytest.fixture
def at_a_page(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "somebody_is_there", lambda: True)
    return tmp_path


def test_the_file_carries_answers_from_notebook_to_notebook(at_a_page):
    first = Progress()
    first.note("03.check.relu", 1, right=True)
    assert not (at_a_page / FILE).exists(), "nothing is written unasked"
    assert "Kept in" in first.keep().text
    second = Progress()
    assert second.get("03.check.relu") == Entry(1, True)
    second.note("04.check.forward", 2)
    first.note("01.check.cube", 1)
    third = Progress()
    assert third.get("01.check.cube") and third.get("04.check.forward") and third.get("03.check.relu")
    assert [path.name for path in at_a_page.iterdir()] == [FILE]


def test_nobody_there_reads_and_writes_no_file(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE).write_text(SAMPLE.token())
    record = Progress()
    assert record.get("00.pre.1") is None
    record.note("03.check.relu", 1)
    assert (tmp_path / FILE).read_text() == SAMPLE.token()
    assert "Notebook" not in repr(record)


@pytest.mark.parametrize("content", [b"not a token", b"\xff\xfe", b"BP1.AAAA", b""])
def test_a_damaged_file_is_left_alone_and_said_to_be(at_a_page, content):
    (at_a_page / FILE).write_bytes(content)
    record = Progress()
    record.note("03.check.relu", 1)
    assert "was left alone" in repr(record)
    assert "Not kept" in record.keep().text
    assert (at_a_page / FILE).read_bytes() == content


def test_a_folder_that_cannot_be_written(monkeypatch, at_a_page):
    def refuse(*args):
        raise PermissionError("read-only")

    record = Progress()
    record.keep()
    monkeypatch.setattr(module.os, "replace", refuse)
    record.note("03.check.relu", 1)
    assert record.get("03.check.relu") and "Copy `progress.token()` instead" in repr(record)
    assert "cannot be written to" in Progress().keep().text
    assert [path.name for path in at_a_page.iterdir()] == [FILE], "no draft is left behind"


def test_a_folder_that_is_not_there(at_a_page):
    assert "Not kept" in Progress().keep(at_a_page / "missing").text


def test_a_browser_without_a_drive_keeps_nothing_and_is_told_so(monkeypatch, at_a_page):
    """Over plain http JupyterLite has no drive: a file lies in the kernel's memory and is gone with the kernel."""
    monkeypatch.setattr(module.sys, "platform", "emscripten")
    box = SAMPLE.keep()
    assert box.title == "Not kept" and "Copy `progress.token()` instead" in box.text
    assert SAMPLE._file is None and not (at_a_page / FILE).exists()


def test_a_browser_s_drive_keeps_the_file(monkeypatch, at_a_page):
    monkeypatch.setattr(module.sys, "platform", "emscripten")
    monkeypatch.setattr(module, "DRIVE", at_a_page)
    (at_a_page / "notebooks").mkdir()
    monkeypatch.chdir(at_a_page / "notebooks")
    record = with_entries(SAMPLE._entries)
    assert "Kept in" in record.keep().text
    assert (at_a_page / "notebooks" / FILE).exists()
    assert "Not kept" in record.keep(at_a_page.parent).text


def test_what_token_writes_is_read_back_however_much_it_is():
    """Also with keys that an edition of the reader's own has added."""
    many = with_entries({f"{n % 90 + 10}.check.of-an-edition-of-my-own-{n}": Entry(1, True) for n in range(1500)})
    record = Progress()
    record.restore(many.token())
    assert record._entries == many._entries
