"""What a network costs: parameters, multiply-adds, speed and memory, beside the papers' figures."""
