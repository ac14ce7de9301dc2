"""What each Claude model takes and costs: one table as data, refreshed from the upstream, corrected by its refusals."""
