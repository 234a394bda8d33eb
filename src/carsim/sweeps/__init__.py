"""Sweeps: a scenario at many points, on one machine or a cluster, in a store that survives what happens on the way.

points    what each point sets          plan      blocks of whole patients, and what they will take
columns   what is kept of a patient     block     one block: simulated, and as arrays
store     the Zarr store, its writing   check     whether a store is whole, and its repair
local, slurm, on_dask                   conduct   a sweep from its scenario to its store
"""
