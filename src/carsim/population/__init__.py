"""Virtual patients: covariates, correlated variability, cohorts from a table."""
