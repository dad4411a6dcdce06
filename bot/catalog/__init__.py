"""Who is watched: providers, surfaces, probes, known errors, as data."""
