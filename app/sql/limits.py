"""sql.limits — how much a query may be, may take and may give."""

LONGEST_TEXT = 10_000  # characters
DEEPEST_BRACKETS = 60
DEEPEST_TREE = 250  # levels of the parse tree; Spark walks it recursively
MOST_NODES = 4_000  # of the parse tree
MOST_RELATIONS = 24  # tables read, a WITH counted as often as it is used
MOST_GROUPING_SETS = 64  # of all CUBE, ROLLUP and GROUPING SETS multiplied
LONGEST_RANGE = 10_000_000  # rows of range()

MOST_ROWS = 1_000
MOST_BYTES = 5_000_000  # of a result
LONGEST_CELL = 10_000  # characters, of a list or a structure as it is written

SECONDS = 20.0  # then a query is cancelled
GRACE_SECONDS = 2.5  # then its process is killed
START_SECONDS = 120.0  # within which a process must be ready
MOST_AT_ONCE = 2  # queries of the site, of one user one
MEMORY = "1g"  # of the JVM

# All rows of a query, as a job or on the command line.
EXPORT_SECONDS = 900.0
MOST_EXPORT_BYTES = 2_000_000_000  # of the file, and of what Spark writes for it
ROWS_AT_A_TIME = 2_000  # of which a cell has at most LONGEST_CELL characters
