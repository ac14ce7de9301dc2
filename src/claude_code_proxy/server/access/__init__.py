"""Who may ask, and how many at once: API keys, browsers, and the limit on what runs at the same time."""
