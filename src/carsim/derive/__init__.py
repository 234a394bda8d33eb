"""What follows from a network: tables and code for the engines, equations for the reader."""
