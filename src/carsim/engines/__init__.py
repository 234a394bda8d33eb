"""Engines, one small file each, behind one protocol: a network, patients and a schedule in, trajectories out."""
