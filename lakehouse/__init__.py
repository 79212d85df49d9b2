"""The platform: knows tables in general, and none in particular. No layer is imported here."""
