"""One module a use case; owns the transaction and the order of steps."""
