"""`make bench`: everything, or the parts that are named (`make bench ARGS="engine store"`)."""

from __future__ import annotations

import argparse

from bench import (
    alertmanager,
    answers,
    crowd,
    delivery,
    discord,
    engine,
    growth,
    idle,
    latency,
    page,
    providers,
    replicas,
    store,
)

PARTS = {
    "engine": engine.measure,
    "store": store.measure,
    "latency": latency.measure,
    "answers": answers.measure,
    "page": page.measure,
    "providers": providers.measure,
    "delivery": delivery.measure,
    "growth": growth.measure,
    "idle": idle.measure,
    "replicas": replicas.measure,
    "crowd": crowd.measure,
    "alertmanager": alertmanager.measure,
    "discord": discord.measure,
}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    asked = options.parse_args().parts
    if unknown := set(asked) - set(PARTS):
        options.error(f"no such part: {', '.join(sorted(unknown))}")
    for name in asked or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
