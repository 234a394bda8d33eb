"""Tests that hold the rules of the house: each rule is a function from a tree to its violations, shown able to fail."""
