"""What the use cases need of the world: the ports, few and wide. Adapters implement them.

`engine` has those of executing plans and all of them together (`Adapters`); `tables`, `event_log`, `feast`, `diff`
and `leakage` have the ports that only these capabilities need.
"""
