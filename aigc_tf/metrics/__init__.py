"""How good generated examples are, measured: each figure comes with the protocol it belongs to."""
