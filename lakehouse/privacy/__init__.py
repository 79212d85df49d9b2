"""What is held about a person: find it, give it out, erase it. Nothing here knows what the person did."""
