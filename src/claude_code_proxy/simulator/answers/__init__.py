"""An accepted request -> the simulated answer to it: what was wanted, the blocks that answer it, and what they cost."""
