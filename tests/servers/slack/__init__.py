"""A local Slack for the tests: Web API, Socket Mode and signed requests over real sockets.

It knows nothing of the program under test. It does what Slack's documentation says, stores what it
is sent, injects the faults a test asks for, and writes down every request that real Slack would
have refused or that would have pinged people.

    async with running_slack() as slack:          # inside a test's own event loop
    python -m tests.servers.slack --port 0        # as a process of its own, steered over HTTP
"""

from tests.servers.slack.faults import Fault, RateLimit
from tests.servers.slack.outbound import Delivery
from tests.servers.slack.remote import RemoteSlack, slack_process
from tests.servers.slack.server import SlackServer, eventually, running_slack
from tests.servers.slack.world import BOT_SCOPES, Channel, Message, Workspace, World

__all__ = [
    "BOT_SCOPES",
    "Channel",
    "Delivery",
    "Fault",
    "Message",
    "RateLimit",
    "RemoteSlack",
    "SlackServer",
    "Workspace",
    "World",
    "eventually",
    "running_slack",
    "slack_process",
]
