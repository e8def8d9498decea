"""The rank of each match, by counting what beats it: on the processor, on a device, and for a re-ranking."""
