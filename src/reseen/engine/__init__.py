"""From a recipe to a run: build the objects, train, embed, evaluate, keep."""
