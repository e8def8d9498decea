"""Settings chosen from the training set: facts of the set, a choice a setting, and the recipe with all of them."""
