"""A mechanistic simulator of CAR T-cell kinetics in B-cell acute lymphoblastic leukaemia (research and teaching only)."""
