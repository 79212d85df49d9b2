"""Lakes that readers of the site bring along: files that are uploaded, looked at, mapped, and built by a job."""
