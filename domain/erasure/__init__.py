"""The key of a person or thing that is to be erased: where it can be, which events name it, and what is reported."""
