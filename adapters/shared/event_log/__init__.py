"""Events as rows of a log, for every store that keeps rows; and what such a store lets go before a fork."""
