"""One script a question; each prints one line of JSON, with ratios against a peer."""
