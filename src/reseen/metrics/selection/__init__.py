"""Which gallery entries count for a query: by labels, by track, by trial, and why none does."""
