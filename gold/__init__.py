"""Tables that answer questions, one each, computed from silver and gold. No delivered text is parsed here."""
