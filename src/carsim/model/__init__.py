"""The biology, one process per file, and the network that holds it: the only definition every engine derives from."""
