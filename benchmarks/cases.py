"""All cases, in the order in which they are run and told."""

import cases_growth
import cases_opening
import cases_shapes
import cases_sizes
import cases_trips
import cases_trust
from shapes import Case, Section

SECTIONS: tuple[Section, ...] = (
    *cases_sizes.SECTIONS,
    *cases_shapes.SECTIONS,
    *cases_trips.SECTIONS,
    *cases_growth.SECTIONS,
    *cases_opening.SECTIONS,
    *cases_trust.SECTIONS,
)
CASES: dict[str, Case] = {case.name: case for section in SECTIONS for case in section.cases}
STARTS = "starts"
"""The case of whole processes, which has no data: see `starts.py`."""
