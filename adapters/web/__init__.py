"""HTTP: pages for people, verdicts for scripts, counts from gateways, health, metrics."""
