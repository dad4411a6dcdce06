"""A Discord of our own for the tests: REST v10 and the gateway over real sockets.

It does what Discord is documented to do where a bot like ours touches it, and
refuses what Discord refuses. `serve()` runs it in this process;
`python -m tests.servers.discord` runs it as its own.
"""

from tests.servers.discord.director import Director
from tests.servers.discord.faults import Fault
from tests.servers.discord.interactions import Interaction
from tests.servers.discord.limits import FAITHFUL, GENEROUS, Limits
from tests.servers.discord.server import DiscordServer, serve
from tests.servers.discord.world import Channel, Guild, Kind, Message, World

__all__ = [
    "FAITHFUL",
    "GENEROUS",
    "Channel",
    "Director",
    "DiscordServer",
    "Fault",
    "Guild",
    "Interaction",
    "Kind",
    "Limits",
    "Message",
    "World",
    "serve",
]
