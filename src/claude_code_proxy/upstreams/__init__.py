"""One folder per place that serves Messages; this layer does the I/O."""
