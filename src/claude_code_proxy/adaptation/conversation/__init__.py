"""Messages in any order -> turns that the service takes: their order, their blocks, and the calls that are answered."""
