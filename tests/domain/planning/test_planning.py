"""From specs and facts to a plan, or to the reason why not."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.problem import CallerError
from foreset.domain.facts import Column, SpineFacts, TableFacts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.planner import plan_for, select, unknown_versions
from tests.domain.plans import CATALOG, DAY, MACHINE, TRIPS, WEEK, facts_of, planned, spine_facts

DAY_TWO = datetime(1970, 1, 2, tzinfo=UTC)
TWO_DAYS = spine_facts(times=(WEEK[0], WEEK[0] + 2 * DAY))


def refused(spec: TrainingSetSpec, spine: SpineFacts | None = None, table: TableFacts = TRIPS) -> str:
    selections = select(spec, CATALOG)
    plan = selections.bind(lambda s: plan_for(spec, s, facts_of(spine, table)))
    return plan.failure().message


def with_column(name: str, dtype: str | None) -> SpineFacts:
    facts = spine_facts()
    kept = tuple(c for c in facts.columns if c.name != name)
    return replace(facts, columns=kept if dtype is None else (*kept, Column(name, dtype)))


def test_a_plan_reads_as_a_person_would_want() -> None:
    plan = planned(["stats:rate", "notes:note as remark"], TWO_DAYS)
    assert (
        plan.explain().splitlines()
        == """
spine     100 rows, event_timestamp from 2024-01-01T12:00:00Z to 2024-01-03T12:00:00Z
table     trips version 7: driver_id, at, written, rate, note
          reads 1 file, 200,000 rows, 10.0 MB; skips 4 files, 40.0 MB
          all columns in one pass, 12.3 MB: its columns are small
          only at to 2024-01-03T12:00:00Z
          only driver_id from 3 to 870
view      stats v1 of trips on driver_id, not older than 2 days: rate
          20 keys are asked for, the most frequent by 8 rows
          as-of: spine rows have times of their own; a join would form about 1,000,000 pairs, this forms none
view      notes v1 of trips on driver_id: note as remark
          20 keys are asked for, the most frequent by 8 rows
          as-of: spine rows have times of their own; a join would form about 1,000,000 pairs, this forms none
result    100 rows: driver_id, event_timestamp, label, rate, remark
          about 5.3 kB: it fits in memory
          about 252.3 MB of memory at the peak; the process may take 4.0 GB
""".strip().splitlines()
    )


def test_advice_does_not_change_what_a_plan_is() -> None:
    spec = TrainingSetSpec(["stats:*"])
    selections = select(spec, CATALOG).unwrap()
    tight = replace(MACHINE, memory_bytes=260_000_000)
    roomy, cramped = (plan_for(spec, selections, facts_of(machine=m)).unwrap() for m in (MACHINE, tight))
    assert roomy != cramped
    assert roomy.digest == cramped.digest


def test_what_cannot_fit_is_told_with_the_figures() -> None:
    spec = TrainingSetSpec(["stats:*"])
    full = facts_of(spine_facts(rows=100_000_000), machine=replace(MACHINE, memory_bytes=210_000_000))
    assert plan_for(spec, select(spec, CATALOG).unwrap(), full).failure().message == (
        "The training set takes about 216.0 MB of memory at the least, which is more than there may be: 210.0 MB, "
        "of which 200.0 MB is held already. Nothing was read. Next: give more memory (FeatureStore.open(..., "
        "memory='8GB'), --memory, FORESET_MEMORY), or fewer rows at a time, or fewer features."
    )


def test_the_same_inputs_give_the_same_plan_and_it_survives_storage() -> None:
    plan = planned(["stats:*"])
    assert plan == planned(["stats:*"])
    assert plan.digest == planned(["stats:*"]).digest
    assert msgspec.json.decode(msgspec.json.encode(plan), type=RetrievalPlan) == plan


def test_columns_come_in_the_order_in_which_they_were_asked() -> None:
    plan = planned(["stats:trips", "notes:note", "stats:rate"])
    assert plan.result.columns == ("driver_id", "event_timestamp", "label", "trips", "note", "rate")


def test_a_star_asks_for_all_features_and_full_names_name_the_view() -> None:
    plan = planned(["stats:*"], full_feature_names=True)
    assert plan.result.columns[3:] == ("stats__rate", "stats__trips")


def test_a_declared_type_is_the_type_that_is_served() -> None:
    ((gather, _, _),) = planned(["stats:rate"]).gathers
    assert gather.columns[0].dtype == "float64"


def test_keys_are_compared_in_the_type_that_holds_both() -> None:
    ((_, match, _),) = planned(["stats:rate"]).gathers
    assert match.keys[0].dtype == "int64"


def test_known_at_a_time_is_in_microseconds() -> None:
    ((_, match, _),) = planned(["stats:rate"], known_at=datetime(1970, 1, 2, tzinfo=UTC)).gathers
    assert match.known_at == 86_400_000_000


@pytest.mark.parametrize("known_at", [[datetime(1970, 1, 2), "event_time"], ("event_time", "1970-01-02T00:00Z")])  # noqa: DTZ001  # UTC
def test_known_at_both_stands_in_the_plan_in_one_order(known_at: object) -> None:
    ((_, match, _),) = planned(["stats:rate"], known_at=known_at).gathers
    assert match.known_at == (86_400_000_000, "event_time")
    assert (match.known_by_us, match.known_by_each_row) == (86_400_000_000, True)


def test_both_forms_of_known_at_outlive_the_log() -> None:
    spec = TrainingSetSpec(["stats:rate"], known_at=("event_time", datetime(1970, 1, 2, tzinfo=UTC)))
    plan = planned(["stats:rate"], known_at=spec.known_at)
    assert msgspec.json.decode(msgspec.json.encode(spec), type=TrainingSetSpec) == spec
    assert msgspec.json.decode(msgspec.json.encode(plan), type=RetrievalPlan) == plan


@pytest.mark.parametrize(
    ("known_at", "digest"),
    [
        (None, "d132bf5fb37afa79af1698fc2364699690d4e71a27301568327bf8e4079e47ef"),
        ("event_time", "e36d9093a13f3430fb32b12f9c9e94104a2cbb86220217d1fce61bd8ab558821"),
        (datetime(1970, 1, 2, tzinfo=UTC), "5ca5db7c308342100181ef32c2e536d0f5e655c8c10eb465ef94a654744ab56b"),
    ],
)
def test_a_plan_has_the_digest_that_recorded_ids_rest_on(known_at: object, digest: str) -> None:
    assert planned(["stats:rate"], known_at=known_at).digest == digest


@pytest.mark.parametrize(
    ("feature", "known_at", "said"),
    [
        ("stats:rate", "event_time", "2 days, known at event_time: rate"),
        ("stats:rate", DAY_TWO, "2 days, known at 1970-01-02T00:00:00Z: rate"),
        ("stats:rate", [DAY_TWO, "event_time"], "2 days, known at 1970-01-02T00:00:00Z and at event_time: rate"),
        (
            "notes:note",
            DAY_TWO,
            "driver_id, known at 1970-01-02T00:00:00Z by the version alone, for it has no created time: note",
        ),
    ],
)
def test_a_plan_says_what_must_have_been_known(feature: str, known_at: object, said: str) -> None:
    assert said in planned([feature], known_at=known_at).explain()


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (
            ["stat:rate"],
            "The feature view 'stat' is not registered. Registered: stats, notes. Next: Did you mean stats?",
        ),
        (["stats:rat"], "has no feature 'rat'. It has: rate, trips. Next: Did you mean rate?"),
        (["stats:* as all"], "one alias cannot name all features of a view"),
        (["stats:rate as label"], "more than one column 'label': the spine, stats:rate"),
        (["stats:rate", "notes:note as rate"], "more than one column 'rate': stats:rate, notes:note"),
        (["stats:rate", "stats:*"], "more than one column 'rate': stats:rate, stats:rate"),
    ],
)
def test_names_are_checked(features: list[str], said: str) -> None:
    assert said in refused(TrainingSetSpec(features))


@pytest.mark.parametrize(
    ("spine", "said"),
    [
        (with_column("event_timestamp", None), "no column 'event_timestamp', which is the time column"),
        (with_column("driver_id", None), "no column 'driver_id', which is the join key of the feature view 'stats'"),
        (with_column("driver_id", "string"), "'driver_id' is string in the spine and int64 in the table"),
        (with_column("driver_id", "float64"), "pandas turns whole numbers with gaps into float64"),
        (with_column("event_timestamp", "string"), "'event_timestamp' is string, not a timestamp or a date"),
        (replace(spine_facts(), null_times=2, first_null_time=4), "2 rows of the spine have no time"),
    ],
)
def test_the_spine_is_checked(spine: SpineFacts, said: str) -> None:
    assert said in refused(TrainingSetSpec(["stats:rate"]), spine)


def test_a_clash_names_the_two_ways_out() -> None:
    said = refused(TrainingSetSpec(["stats:rate as label"]))
    assert "full_feature_names=True" in said
    assert "view:feature as another_name" in said


def without(column: str) -> TableFacts:
    return replace(TRIPS, columns=tuple(c for c in TRIPS.columns if c.name != column))


def test_a_column_that_the_table_lost_is_refused_where_it_is_asked_for() -> None:
    text = refused(TrainingSetSpec(["stats:*"]), table=without("trips"))
    assert (
        "takes its feature 'trips' from the column 'trips', which the table 'trips' at version 7 does not have" in text
    )
    assert "Ask for the features that are left (stats:rate), name a version that has it" in text


def test_a_column_that_the_table_lost_does_not_concern_the_other_features() -> None:
    spec = TrainingSetSpec(["stats:rate"])
    plan = plan_for(spec, select(spec, CATALOG).unwrap(), facts_of(table=without("trips"))).unwrap()
    assert plan.result.columns[-1] == "rate"


@pytest.mark.parametrize(
    ("column", "role"), [("driver_id", "join key 'driver_id'"), ("at", "event time"), ("written", "created time")]
)
def test_a_key_or_a_time_that_the_table_lost_is_refused_by_its_name(column: str, role: str) -> None:
    text = refused(TrainingSetSpec(["stats:rate"]), table=without(column))
    assert f"takes its {role} from the column {column!r}, which the table 'trips' at version 7 does not have" in text
    assert "Next: " in text
    assert "Ask for the features" not in text


@pytest.mark.parametrize("known_at", ["event_time", [DAY_TWO, "event_time"]])
def test_known_at_event_time_needs_a_created_time(known_at: Any) -> None:
    assert "the view 'notes' has no created time" in refused(TrainingSetSpec(["notes:note"], known_at=known_at))


def test_versions_name_tables_that_are_read() -> None:
    spec = TrainingSetSpec(["notes:note"], versions={"trip": 1})
    problem = unknown_versions(spec, select(spec, CATALOG).unwrap())
    assert problem is not None
    assert "versions names the table 'trip'" in problem.message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"features": []}, "features is empty"),
        ({"features": ["stats:rate", "stats:rate"]}, "features names 'stats:rate' twice"),
        ({"features": ["rate"]}, "'rate': it is not of the form 'view:feature'"),
        ({"features": ["stats:rate"], "known_at": "yesterday"}, "known_at is 'yesterday'"),
        ({"features": ["stats:rate"], "known_at": 3}, "known_at is 3"),
        ({"features": ["stats:rate"], "known_at": []}, "known_at is []"),
        ({"features": ["stats:rate"], "known_at": [DAY_TWO, DAY_TWO]}, "Next: give one time, or one time and"),
        ({"features": ["stats:rate"], "known_at": [DAY_TWO, "soon"]}, "known_at is 'soon'"),
        ({"features": ["stats:rate"], "versions": {"trips": -1}}, "the version of 'trips' is negative"),
    ],
)
def test_a_training_set_spec_that_cannot_be_is_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(CallerError, match="Next: ") as caught:
        TrainingSetSpec(**arguments)  # type: ignore[arg-type]  # wrong or loose on purpose
    assert said in str(caught.value)
