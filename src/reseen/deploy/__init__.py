"""Networks outside training: loaded from wherever they are, exported, run."""
