"""What may be done to vectors and rankings: camera means, expansion, k-reciprocal re-ranking."""
