"""`python -m tests.servers.slack --port 0`: prints its address, then serves until stopped."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from tests.servers.slack.server import SlackServer
from tests.servers.slack.world import World


async def serve(options: argparse.Namespace) -> None:
    world = World(check=not options.no_check, open_world=options.any_channel)
    world.keep_blocks = not options.drop_blocks
    server = SlackServer(world)
    server.faults.delay = options.delay
    await server.start(options.port)
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.slack")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--no-check", action="store_true", help="take everything unseen: for bench")
    parser.add_argument("--any-channel", action="store_true", help="every C... exists, bot inside")
    parser.add_argument("--drop-blocks", action="store_true", help="store messages without blocks")
    options = parser.parse_args()
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: PLC0415 - cheaper per post where it installs

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
