"""How sure a score is: intervals over identities, and whether two systems differ by more than chance."""
