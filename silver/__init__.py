"""Cleaned tables with one row per real thing, computed from bronze. Nothing is counted for a question here."""
