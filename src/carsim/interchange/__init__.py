"""Models of carsim in the forms that other tools read: SBML."""
