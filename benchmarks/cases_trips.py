"""The shape of the open Hopsworks benchmark: trips joined to windows of their pickup and dropoff zones."""

from peers import ASOF, FORESET
from shapes import Bar, Case, Section, Trips, View

PICKUP = ("pu_trips", "pu_fare", "pu_distance", "pu_duration")
DROPOFF = ("do_trips", "do_tip", "do_distance")
NOTE = """\
Trips are the spine, a Delta table of 12 columns; the result has 19. The other tables hold 15-minute windows by pickup
zone and 30-minute windows by dropoff zone, for 265 zones with Zipf frequencies in 31 days; each trip gets the last
window of each zone that had ended at its pickup. The published figure of the Hopsworks benchmark for 10 million rows to
pandas is 967,118 rows/s, on 16 virtual cores and with a network between; this is another machine, and other data of the
same shape."""


def _case(millions: int, *, rounds: int, calls: int, bars: tuple[Bar, ...] = ()) -> Case:
    trips = Trips(f"trips-{millions}m", millions * 1_000_000)
    return Case(
        f"trips-{millions}m",
        f"{trips.rows:,} trips",
        (),
        (
            View("pickup", trips.windows("pickup"), PICKUP, ("pu_zone",), created=False),
            View("dropoff", trips.windows("dropoff"), DROPOFF, ("do_zone",), created=False),
        ),
        trips,
        (FORESET, ASOF),
        bars,
        outputs=("arrow", "pandas", "parquet"),
        rounds=rounds,
        calls=calls,
        quick=millions == 1,
    )


CASES = (
    _case(1, rounds=3, calls=2),
    _case(5, rounds=2, calls=1),
    _case(
        10,
        rounds=2,
        calls=1,
        bars=(
            Bar("rate", 2_000_000, output="arrow", least=True),
            Bar("rate", 967_118, output="pandas", least=True),
        ),
    ),
)
SECTIONS = (Section("The shape of the Hopsworks benchmark", CASES, NOTE, ("rate",)),)
