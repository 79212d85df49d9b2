"""Landed files and their receipts: how they are kept, split into lines and taken back. No table is written here."""
