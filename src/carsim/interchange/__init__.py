"""Models and doses of carsim in the forms that other tools read: SBML, COMBINE archives, tables of events."""
