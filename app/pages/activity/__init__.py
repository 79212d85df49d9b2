"""When the shop is used."""
