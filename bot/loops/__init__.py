"""Loops that run for as long as the program does."""
