"""What happened, as events: receipts, pins, erasures; the hash chain over them; history and lineage drawn from them.

The tags of the events are the storage format. How events are chained is in `hash_chain`, what breaks a chain in
`chain_walk`, `chain_audit` and `chain_findings`; an event that cannot be decoded becomes an `UnreadableEvent` in
`decoding`.
"""
