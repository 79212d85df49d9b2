"""The engines that run frames: the only room that knows which one is in use. No table is known here."""
