"""The pure core: values in, values out.

Five modules serve all its folders: `dtypes`, `facts` (what adapters observed before planning), `finding`,
`unreadable` and `system_codes` (what codes of the operating system mean). Reading order: definitions.specs,
definitions.registry, facts, planning.plan, planning.planner, planning.point_in_time, event_log.receipts.
"""
