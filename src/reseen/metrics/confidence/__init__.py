"""How certain scores are: intervals over identities, and whether two systems differ by more than chance."""
