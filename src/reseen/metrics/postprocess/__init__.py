"""Post-processing of vectors and rankings: camera bias, expansion, k-reciprocal re-ranking."""
