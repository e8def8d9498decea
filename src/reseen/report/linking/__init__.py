"""What the page of a linking shows: doubtful links, who was where, individuals, travel times, confused identities."""
