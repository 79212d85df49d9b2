"""Landed files as they arrived, line by line, as text: appended, never changed. Nothing is cleaned here."""
