"""The network at work on pictures: anything that is a picture to vectors, and galleries of them."""
