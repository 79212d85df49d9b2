"""SQL that readers write: judged by text and by Spark's own parse tree, run in a process that can do no harm."""
