"""Re-identification as a task: its recipe, data, training, evaluation and weights."""
