"""How fast carsim is against what people use today: one file per question, each with its peers in one run."""
