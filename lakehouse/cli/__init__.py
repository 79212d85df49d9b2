"""The command line: parse, delegate, print. No decision about a lake is made here."""
