"""HTTP: verdicts for scripts, counts from gateways, health, metrics, and a hint to look now."""
