"""Results: the declared variables, their assembly from trajectories, provenance, storage, and what assays see."""
