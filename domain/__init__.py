"""The pure core. Reading order: spec, errors, registry, facts, plan, planning, rules, point_in_time, receipt."""
