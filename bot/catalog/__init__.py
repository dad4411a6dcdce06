"""Providers, surfaces, probes and known errors, as data."""
