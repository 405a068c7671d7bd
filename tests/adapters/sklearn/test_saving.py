"""Saved pipelines: the round trip, what is not trusted, and files that are not whole."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from foreset.adapters.sklearn.saving import load_model
from foreset.adapters.sklearn.trainer import SklearnTrainer
from foreset.domain.definitions.models import ModelSpec, Trained

TREES = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"


def frame() -> pl.DataFrame:
    chance = np.random.default_rng(1)
    x = chance.normal(size=(120, 2))
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": ["x", "y", None] * 40, "y": (x[:, 0] > 0).astype(int)})


def train(save_to: Path, estimator: str = "LogisticRegression") -> Any:
    return SklearnTrainer().train(
        frame(),
        features=None,
        feature_columns=("a", "b", "c"),
        target="y",
        time_column=None,
        model=ModelSpec(estimator, save_to=str(save_to)),
    )


def predictions(pipeline: Any) -> list[Any]:
    rows: list[Any] = pipeline.predict_proba(frame().drop("y").to_pandas()).tolist()
    return rows


def test_a_saved_pipeline_comes_back_and_predicts_the_same(tmp_path: Path) -> None:
    model: Trained = train(tmp_path / "models" / "late.skops").unwrap()
    assert model.saved_to == str(tmp_path / "models" / "late.skops")
    assert predictions(load_model(model.saved_to).unwrap()) == predictions(model.pipeline)
    assert os.listdir(tmp_path / "models") == ["late.skops"]  # noqa: PTH208  # hidden files too


def test_saving_does_not_change_the_fingerprint_and_replaces_the_file(tmp_path: Path) -> None:
    place = tmp_path / "m.skops"
    place.write_text("old")
    saved: Trained = train(place).unwrap()
    again: Trained = train(tmp_path / "n.skops").unwrap()
    assert saved.fingerprint == again.fingerprint
    assert load_model(place).unwrap().classes_.tolist() == [0, 1]


def test_types_that_can_do_harm_are_loaded_only_when_named(tmp_path: Path) -> None:
    model: Trained = train(tmp_path / "m.skops", "auto").unwrap()
    assert model.saved_to is not None
    assert str(load_model(model.saved_to).failure()) == (
        f"The model file {model.saved_to} holds types that are not loaded unless you trust them: {TREES}. "
        "Next: if you know who made the file, name them: load_model(path, trusted=(...)); otherwise do not load it."
    )
    loaded = load_model(model.saved_to, trusted=(TREES,)).unwrap()
    assert predictions(loaded) == predictions(model.pipeline)
    assert predictions(load_model(model.saved_to, trusted=TREES).unwrap()) == predictions(model.pipeline)


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["HARM"],)


def test_a_pickle_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARM", str(tmp_path / "harm"))
    (tmp_path / "m.skops").write_bytes(pickle.dumps(Harmful()))
    assert "it is no whole skops file" in str(load_model(tmp_path / "m.skops").failure())
    assert not (tmp_path / "harm").exists()


def test_a_missing_or_torn_file_is_told(tmp_path: Path) -> None:
    place = tmp_path / "m.skops"
    assert str(load_model(place).failure()) == (
        f"The model file {place} cannot be read: No such file or directory. "
        "Next: give a file that ModelSpec(save_to=...) wrote, or train the model again."
    )
    train(place).unwrap()
    whole = place.read_bytes()
    for share in (0, 0.1, 0.5, 0.99):
        place.write_bytes(whole[: int(len(whole) * share)])
        assert "cannot be read: it is no whole skops file" in str(load_model(place).failure())


def test_a_place_that_cannot_be_written_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    assert str(train(tmp_path / "file" / "m.skops").failure()) == (
        f"The model cannot be saved to {tmp_path / 'file' / 'm.skops'}: a file stands where its folder would be. "
        "What stood there is as it was. Next: give a place that you may write, or leave save_to out."
    )
    (tmp_path / "folder").mkdir()
    assert "Is a directory" in str(train(tmp_path / "folder").failure())
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]  # noqa: PTH208  # names, not paths
    assert (tmp_path / "file").read_text() == "kept"
