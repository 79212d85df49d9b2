"""Plan, build, judge and publish: what brings tables up to what landed."""
