"""JSON schemas -> those that the service takes: older drafts upgraded, branches merged, the subset for grammars."""
