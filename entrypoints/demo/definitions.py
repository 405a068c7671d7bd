"""What the demo registers and asks for."""

from datetime import timedelta

from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec

LABEL = "late"
TIME = "event_timestamp"

ENTITIES = (
    EntitySpec("airport", ["origin"], "An airport of New York"),
    EntitySpec("plane", ["tailnum"], "A plane, by its tail number"),
    EntitySpec("carrier", ["carrier"], "An airline"),
)

VIEWS = (
    FeatureViewSpec(
        "weather",
        ["airport"],
        DeltaSource("weather", "observed", "published"),
        ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"],
        ttl=timedelta(hours=3),
        description="The newest hourly reading that was published, if it is at most 3 hours old",
    ),
    FeatureViewSpec(
        "plane_facts",
        ["plane"],
        DeltaSource("planes", "holds_from", "listed"),
        ["year_built", "engines", "seats"],
        description="What the register says of a plane",
    ),
    FeatureViewSpec(
        "plane_history",
        ["plane"],
        DeltaSource("plane_delays", "landed", "reported"),
        ["last_delay", "mean_delay_10", "landings"],
        ttl=timedelta(days=30),
        description="The plane's delays on its flights that have landed",
    ),
    FeatureViewSpec(
        "carrier_history",
        ["carrier"],
        DeltaSource("carrier_delays", "landed", "reported"),
        ["mean_delay_100", "late_share_100"],
        ttl=timedelta(days=2),
        description="The carrier's delays on its latest 100 flights that have landed",
    ),
)

TRAINING_SET = TrainingSetSpec(
    ["weather:*", "plane_facts:*", "plane_history:*", "carrier_history:*"],
    timestamp_field=TIME,
    known_at="event_time",
    name="late_arrivals",
    description="Every flight at its scheduled departure, with what was known then",
)

TIMETABLE = ("distance", "hour")
"""Columns of the spine that a model may use: they are known long before departure."""
