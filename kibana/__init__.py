"""Data views and dashboards, compiled from one spec."""
