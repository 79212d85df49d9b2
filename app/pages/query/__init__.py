"""Ask the published tables in Spark SQL."""
