"""Which candidates are tried next."""
