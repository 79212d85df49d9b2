"""Tables as files and logs: the only input and output of tables. Nothing here decides what is built."""
