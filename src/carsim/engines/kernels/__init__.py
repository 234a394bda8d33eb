"""Compiled loops: numba, numpy and math only; arrays in, arrays out."""
