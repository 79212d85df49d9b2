"""What is held about a person: find it, give it out, erase it."""
