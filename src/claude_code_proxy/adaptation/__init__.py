"""A Messages request as a client meant it -> one that the named model accepts, and what undoes that in the reply."""
