"""Campaign questions as pure query builders and pure arithmetic; nothing here does I/O."""
