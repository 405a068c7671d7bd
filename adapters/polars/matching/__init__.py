"""The matching of label rows with table rows: keys, times, order, ties, and the executor that gathers what serves.

`labels` has the side of the spine, `rows` and `pieces` that of the table, `ordering` sorts, `matching` finds the
position that serves each row, `ties` counts what only the snapshot's order decided, `gathered` and `widths` cut parts
smaller where values are long.
"""
