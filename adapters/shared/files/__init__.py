"""Files and object stores: bytes by name, durability, permissions, claims on unfinished files, bounded input files."""
