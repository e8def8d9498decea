"""What a recipe may say, and from its files to checked settings; it names no task."""
