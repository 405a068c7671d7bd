"""Input that would end the process, or never end, is refused before it is opened or parsed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.shared.files.bounded_yaml import YamlUnfit, yaml_documents
from foreset.adapters.shared.files.input_files import input_bytes
from foreset.adapters.shared.rows.condition_bounds import too_long
from foreset.domain.errors.problem import told


@given(st.sampled_from(["[", "- ", "? ", "{", "{a: ", "&a [", "!!seq ["]), st.integers(100, 3_000))
def test_deep_yaml_is_refused_with_its_line(part: str, times: int) -> None:
    with pytest.raises(YamlUnfit, match=r"(nested too deeply: more than 50 levels|document start).*line 1"):
        yaml_documents(part * times)


@given(st.sampled_from(["<<: [{}]", "v: [{}]"]), st.integers(5, 9), st.integers(7, 12))
def test_aliases_and_merges_count_as_what_they_stand_for(form: str, times: int, levels: int) -> None:
    lines = ["a0: &a0 {k: v}"]
    for level in range(1, levels):
        named = ", ".join([f"*a{level - 1}"] * times)
        lines.append(f"a{level}: &a{level} {{{form.format(named)}}}")
    if times**levels < 1_000_000:
        return
    with pytest.raises(YamlUnfit, match="more than 100,000 values"):
        yaml_documents("\n".join(lines))


@pytest.mark.slow
def test_forty_thousand_brackets_do_not_end_the_process(tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_text("[" * 40_000)
    command = [str(Path(sys.executable).with_name("foreset")), "--store", str(tmp_path / "s"), "apply"]
    done = subprocess.run([*command, str(tmp_path / "deep.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nested too deeply" in done.stderr


@given(st.sampled_from(["k = 1 OR ", "NOT ", "(", "k + ", "CASE WHEN ", "- "]), st.integers(601, 5_000))
def test_a_long_chain_in_a_condition_is_refused_and_a_long_list_is_not(part: str, times: int) -> None:
    assert "more than 600 operators" in str(too_long(part * times + "k = 1"))
    assert too_long(f"k IN ({', '.join(['1', repr('a')] * times)})") is None


def test_a_pipe_a_device_and_a_large_file_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 11)
    for place, problem in [
        (tmp_path / "pipe", "it is a named pipe, not a file"),
        (Path("/dev/zero"), "it is a device, not a file"),
        (tmp_path / "large", "it is larger than 10 bytes, the most that is read"),
        (tmp_path, "Is a directory"),
        ("a\0b", "its path holds a character that no file name can have"),
    ]:
        with pytest.raises(OSError) as caught:  # noqa: PT011  # its text is compared
            input_bytes(place, 10)
        assert told(caught.value) == problem
