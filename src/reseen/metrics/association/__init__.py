"""Scores of identities over cameras: who is who in boxes of truth and of a linking, with confidence intervals."""
