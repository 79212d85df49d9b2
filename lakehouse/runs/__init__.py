"""Plan, build, judge and publish: what brings tables up to what landed. No file is written here but by `storage`."""
