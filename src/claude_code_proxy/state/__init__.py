"""What outlives a request: kept in memory or in SQLite, behind one small seam."""
