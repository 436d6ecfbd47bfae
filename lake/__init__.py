"""What every program of Taglake shares: records, configuration, errors, store and node."""
