"""How good a model of purchase intent is, and how sure that is: pure functions from scored decision points to figures.

Nothing here reads a lake, knows a registry or decides about a model; `ml.promotion` does.
"""
