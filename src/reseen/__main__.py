"""`python -m reseen`, and what `torchrun -m reseen` starts."""

from reseen.cli import main

if __name__ == "__main__":
    main()
