"""The parts every page is made of: cards, graphs, tables, states, controls. They ask nothing and know no page."""
