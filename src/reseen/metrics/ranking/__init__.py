"""Which gallery entries count for a query, and the rank of each match, by counting what beats it."""
