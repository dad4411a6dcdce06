"""`python -m tests.servers.discord [--port N] [--channels N] [--latency S]`: its own process.

Prints one line of JSON: the URLs, the token, a guild and its channels.
"""

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import replace

from tests.servers.discord.limits import FAITHFUL, GENEROUS
from tests.servers.discord.server import DiscordServer
from tests.servers.discord.world import Kind, Role


async def run(options: argparse.Namespace) -> None:
    limits = FAITHFUL if options.limits else replace(GENEROUS, messages=(1_000_000, 1.0))
    server = DiscordServer(validate=options.validate, limits=limits, latency=options.latency)
    await server.start(port=options.port)
    guild = await server.director.add_guild("bench")
    server.world.guilds[guild].max_active_threads = 1_000_000
    channels = await server.director.add_channels(guild, options.channels)
    for number in range(options.guilds):
        # As large as one is: 40 channels, 30 roles of which the bot has one.
        home = server.world.guilds[await server.director.add_guild(f"guild {number}")]
        for role in (Role(server.world.new_id(), f"role {n}", 0) for n in range(30)):
            home.roles[role.id] = role
        for n in range(40):
            server.world.new_channel(home, f"channel-{n}", Kind.TEXT)
    about = {
        "url": server.url,
        "gateway_url": server.gateway_url,
        "control_url": server.url.removesuffix("/api/v10") + "/_control",
        "token": server.token,
        "guild": guild,
        "channels": channels,
    }
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    await stop.wait()
    await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--guilds", type=int, default=0, help="more of them, of a usual size")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--limits", action="store_true", help="Discord's real rate limits")
    parser.add_argument("--validate", action="store_true", help="check bodies against openapi.json")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
