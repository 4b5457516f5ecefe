"""The bundle: what was altered is refused, and nothing in it is code."""

from __future__ import annotations

import hashlib
import json
import pickletools
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tael.errors import ModelError, RunError
from tael.runs import load_bundle
from tael.scenarios import scenario
from tael.tables import read_tables


@pytest.fixture
def copy(made_run: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_run.path / "model", tmp_path / "model"))


@pytest.fixture
def boosted(small_project: Any, tmp_path: Path) -> Path:
    """A bundle that holds a booster."""
    small_project.swap('["linear", "shallow"]', '["shallow"]')
    folder = small_project.write()
    run = scenario(folder).run(read_tables(folder), tmp_path / "runs")
    assert (run.path / "model" / "weights" / "booster_00.txt").is_file()
    return run.path / "model"


def refused(folder: Path) -> str:
    with pytest.raises(RunError) as caught:
        load_bundle(folder)
    return str(caught.value)


def seal(folder: Path) -> None:
    """Write a manifest that fits, as somebody would who means to deceive."""
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    manifest["files"] = files
    manifest["version"] = hashlib.sha256("".join(f"{k}{files[k]}" for k in sorted(files)).encode()).hexdigest()[:12]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_an_untouched_bundle_is_taken_from_the_run_and_from_its_own_folder(made_run: Any, copy: Path) -> None:
    one, two = load_bundle(made_run.path), load_bundle(copy)
    assert one.version == two.version
    assert one.formulas == two.formulas
    assert one.plan.name == "credit-approval"
    assert len(one.words["zh"]) == len(one.baseline.typical) == len(one.formulas.names)
    assert {name: len(mean) for name, mean in one.baseline.scores.items()} == {"": len(one.formulas.names)}
    assert one.outputs == ("p",)


@pytest.mark.parametrize(
    "name",
    ["formulas.json", "policy.json", "plan.json", "golden.json", "reasons.json", "words.json", "weights/model.json"],
)
def test_a_file_that_was_altered_is_named(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes() + b" ")
    told = refused(copy)
    assert "The bundle is not what was saved." in told
    assert f"{name} was altered" in told
    assert "to do:" in told


def test_weights_that_were_altered_are_named(boosted: Path) -> None:
    booster = boosted / "weights" / "booster_00.txt"
    # another digit, as long as before: LightGBM itself ends the process at a text whose sizes do not fit
    changed = re.sub(
        r"(leaf_value=-?\d\.)(\d)", lambda found: found[1] + str(9 - int(found[2])), booster.read_text(), count=1
    )
    booster.write_text(changed)
    assert "weights/booster_00.txt was altered" in refused(boosted)
    seal(boosted)
    assert "answers its golden rows differently" in refused(boosted)


def test_missing_and_added_files_are_all_named(copy: Path) -> None:
    (copy / "policy.json").unlink()
    (copy / "weights" / "more.txt").write_text("x")
    told = refused(copy)
    assert "policy.json is missing" in told
    assert "weights/more.txt does not belong to it" in told


def test_a_hash_exchanged_in_the_manifest_is_found(copy: Path) -> None:
    edit(copy / "policy.json", lambda policy: policy | {"max_bad_rate": 0.9})
    digest = hashlib.sha256((copy / "policy.json").read_bytes()).hexdigest()
    edit(copy / "manifest.json", lambda m: m | {"files": m["files"] | {"policy.json": digest}})
    assert "its version does not fit its hashes" in refused(copy)


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"format": 1}', '{"format": 2}', '{"format": 99, "tael": "9.0"}', "{", "\x00"]
)
def test_a_manifest_that_is_none(copy: Path, content: str) -> None:
    (copy / "manifest.json").write_text(content)
    told = refused(copy)
    assert "to do:" in told
    if "99" in content:
        assert "format 99, written by tael 9.0" in told


def test_a_folder_without_a_bundle(tmp_path: Path) -> None:
    assert "a folder with manifest.json" in refused(tmp_path)
    (tmp_path / "file").write_text("x")
    assert "a folder with manifest.json" in refused(tmp_path / "file")


def test_other_answers_to_the_golden_rows_are_refused(copy: Path) -> None:
    """A library that computes otherwise looks like this: all hashes fit, the answers do not."""

    def change(golden: dict[str, Any]) -> dict[str, Any]:
        told = golden["outputs"]["p"]
        told[3] = (float.fromhex(told[3]) * (1 + 2**-52)).hex()
        return golden

    edit(copy / "golden.json", change)
    seal(copy)
    told = refused(copy)
    assert "answers its golden rows differently" in told
    assert "for p of golden row 3" in told
    assert "lightgbm" in told


def test_altered_weights_under_a_new_seal_are_refused_all_the_same(copy: Path) -> None:
    edit(copy / "weights" / "model.json", lambda m: _shift(m))
    seal(copy)
    assert "answers its golden rows differently" in refused(copy)


def _shift(model: dict[str, Any]) -> dict[str, Any]:
    model["state"]["calibration"]["intercept"] += 0.5
    return model


def test_a_weights_file_may_not_lead_out_of_the_bundle(boosted: Path) -> None:
    (boosted.parent / "secret.txt").write_text("end of parameters")
    text = (boosted / "weights" / "model.json").read_text()
    (boosted / "weights" / "model.json").write_text(text.replace("booster_00.txt", "../../secret.txt"))
    seal(boosted)
    with pytest.raises(ModelError, match="a file outside the folder"):
        load_bundle(boosted)


def test_nothing_in_a_run_is_code(made_run: Any) -> None:
    kinds = {path.suffix for path in made_run.path.rglob("*") if path.is_file()}
    assert {".html", ".json", ".parquet"} <= kinds <= {".html", ".json", ".txt", ".parquet", ".toml"}
    for path in (made_run.path / "model").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            content.decode("utf-8")  # text, all of it
            with pytest.raises(ValueError, match=r".*"):
                for _ in pickletools.genops(content):
                    pass
