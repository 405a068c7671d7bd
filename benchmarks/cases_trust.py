"""What trust costs: the receipt with its counters, and building again from it."""

from cases_sizes import LABELS, MILLION, MONTH
from peers import FORESET, REBUILT, RECEIPT
from shapes import Bar, Case, Section, view

TRUST = Case(
    "trust",
    "1,000,000 feature rows x 100,000 spine rows, 20 features",
    (MILLION,),
    (view(MILLION, MONTH),),
    LABELS,
    (FORESET, RECEIPT, REBUILT),
    (
        Bar("cpu", 0.1, against=(FORESET,), subjects=(RECEIPT.name,)),
        Bar("wall", 1.3, against=(FORESET,), subjects=(REBUILT.name,)),
    ),
    calls=5,
    quick=True,
)
NOTE = "The fingerprints count here too. A rebuild makes a receipt of its own, and has kept the spine."
SECTIONS = (Section("Receipts, and building again", (TRUST,), NOTE),)
