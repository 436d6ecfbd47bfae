"""Platforms to posts: the seam, the poll loop, the schedule and the archive import."""
