"""Every key in Redis: its shape, its owner, how long it lives. Nothing else builds a key.

All begin with `icd:` and carry a hash tag, so that each script touches one slot and the same code
runs on a cluster. A script is given one key, the tag's base (`icd:{slack.3}`), and appends the
rest itself: a cluster sends it to the slot of that base, where all of them live. Fields of hashes
are words.

Of a provider, base `icd:{claude}` (owner: the watcher and the fan-out; kept for ever unless said):

    :state        hash    version (counts commits); state: JSON of bot.domain.state.State, written
                          when it changed; moments: JSON of those of its times that each poll
                          changes
    :lease        string  holder of the watcher's lease; expires LEASE_MS after its last renewal
    :fence        string  the last fencing number, from Redis time, so that none is given twice
    :incidents    hash    incident id → JSON of bot.domain.incident.Incident, seen by us or taken
                          from the page's list; kept for the days of the settings, and no more than
                          INCIDENTS_KEPT
    :ended        zset    incident id by the second it ended ("inf": open)
    :spans        hash    observer "|" surface "|" start (ms) → severity "|" end (ms) "|" looks, see
                          bot.history.spans; kept as long, and no more than SPANS_KEPT
    :events       stream  one entry per changed incident: incident (its key), version; about
                          EVENTS_KEPT of them are kept; consumer group "fanout"
    :sweep        string  who went over all open incidents last; expires when it is time again

Of a shard of destinations, base `icd:{slack.3}`, or `icd:{slack.3/16}` where there are other than
SHARDS of them (platform, crc32 of the channel's name modulo their number; owner: subscriptions and
the queue). A channel is named `tenant/id` here:

    :subscriptions       hash    channel → when written (ms) "|" its index sets "|" JSON
    :reminders           hash    channel "|" reminder's key → JSON of a Reminder; until it was
                                 sent, or for a week
    :appointments        zset    channels with times of their own, by the ms when to look at them
    :paused              hash    channel → next try (ms) "|" JSON of a Pause
    :tenants             hash    tenant → why none of its channels is written to
    :index:<set>         set     channels that want it; a set is `surface:severity`,
                                 `everything:severity`, `tenant:tenant` (all of a tenant's),
                                 `boards` (has a board, or one that is to end), or
                                 `thread:incident` (has a thread of it, whatever its subscription
                                 asks for by now; expires with it)
    :ready               zset    channels with something to do, by class and time (see queue.lua)
    :later               zset    channels by the ms when they are due again: backing off, or claimed
    :entry:<channel>     hash    what the channel is stale about, and its claim (see queue.lua);
                                 deleted when it is up to date
    :thread:<channel>:<subject>  string  version "|" whether there is a root "|" JSON of the
                                 thread; expires THREAD_DAYS after it last changed: an incident
                                 may be edited until then, and then it is forgotten on purpose
    :server              hash    run_id of the Redis that we last spoke to, seen_at; lost_since,
                                 changed_at: when another one answered (see claim.lua)
    :sealed              string  its destinations are being moved, or were: no script of the queue
                                 writes there (see reshard.py); for ever

Of all, base `icd:{icd}`:

    :schema       string  the version of all this, see SCHEMA
    :shards       string  the number of shards of each platform; while they are being moved see
                          reshard.py
    :taken:<incident>  hash  workspace → JSON of a Taker; until the incident ends, THREAD_DAYS at
                          most
    :alternatives hash    workspace ("slack/T1") → what its people can use instead, names with
                          blanks between
    :platforms    set     platforms that ever had a subscription or a reminder
    :marker       string  a random name of these data; another one: what was here is lost
    :departed     hash    platform/tenant → when (ms) it was first seen that nothing can be sent
                          there; until it is back, or was removed (see retention.py)
    :lost_at      string  when that was last noticed; expires after a week

Of evidence besides the pages, base `icd:{evidence}` (owner: `bot.evidence`):

    :probes               hash    target → JSON of its last results; they lose weight by their age
    :crowd                hash    source → JSON of its last counts; they lose weight by their age
    :spent:<day>          string  generations of that day; expires after two days
    :traffic:<minute>     hash    surface "|" result → requests; expires MINUTE_KEPT_MS later
    :batch:<key>          string  a batch of counts was taken; expires after ten minutes
    :reporting            zset    channels by their latest report (ms); expires with the window
    :reporters:<channel>  zset    surface "|" keyed hash of a person, by the ms of the report;
                                  expires with the window
    :about:<channel>      hash    members: how many people the channel has; subscribed_at (ms);
                                  expires with the window
    :hash_key             string  key of those hashes, where the settings give none

Of what platforms may send twice, base `icd:{handled.<name>}` (owner: the adapters; expires after
HANDLED_SECONDS): a string; whoever sets it first handles it.

Of what an adapter must remember, base `icd:{value.<name>}` (owner: that adapter; for ever, a
handful of them): a string, such as the hash of the commands that were registered.

Of what an adapter put off, base `icd:{deferred.discord}` (owner: that adapter; until it is done):

    :work         hash    name → JSON of the work
    :due          zset    names by the second they are due

Of Discord's gateway, base `icd:{discord}` (owner: adapters/discord/shards.py):

    :gateway      hash    shards: their number, as all replicas count them; shard → its replica
    :replicas     zset    replicas by the ms when their leases end
    :identify:<group>  string  a session of the group was started; expires after GROUP_SECONDS

Of Slack's installations, base `icd:{slack}` (owner: adapters/slack/installations.py):

    :installations  hash    tenant → the installation with its token, encrypted; for ever
    :homes          hash    tenant/person → when it was opened (ms) "|" a hash of what it shows;
                            a day (owner: adapters/redis/homes.py)
    :homes_turn     string  who renewed the homes last; expires when it is time again
    :state:<state>  string  an installation that was finished; expires after STATE_SECONDS

Of a limit that channels share, base `icd:{limit.<name>}` (owner: the rate limiter):

    itself        hash    see rate_limit.lua; expires when it says nothing any more
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from zlib import crc32

from bot.domain.blindness import Blindness
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription

SCHEMA = 1
SHARDS = 8  # at the first start; `isclaudedown reshard` moves the destinations into another number
LEASE_MS = 10_000  # with a renewal every 4 s, another watcher takes over within 15 s
THREAD_DAYS = 30  # texts were edited 15 days late, on real pages
EVENTS_KEPT = 100_000
# A busy page (GitHub's) has some 250 incidents a year, of 3 KB each.
INCIDENTS_KEPT = 5_000
SPANS_KEPT = 20_000  # of 60 bytes; a page with ten rows that change ten times a day fills 400 days
HANDLED_SECONDS = 600  # Slack sends an event again for some five minutes
STATE_SECONDS = 600  # for a person to press Allow

COMMON = "icd:{icd}"
EVIDENCE = "icd:{evidence}"
MINUTE_KEPT_MS = 1_800_000
SCHEMA_KEY = f"{COMMON}:schema"
SHARDS_KEY = f"{COMMON}:shards"
PLATFORMS_KEY = f"{COMMON}:platforms"
ALTERNATIVES_KEY = f"{COMMON}:alternatives"
MARKER_KEY = f"{COMMON}:marker"
LOST_KEY = f"{COMMON}:lost_at"
DEPARTED_KEY = f"{COMMON}:departed"

BOARDS = "boards"  # the index set of channels with a board, or with one that is to end

WATCHABLE = sorted(Severity, key=lambda severity: severity.rank)


def provider(name: str) -> str:
    """Return the base of everything about one provider."""
    return f"icd:{{{name}}}"


def provider_of(incident: str) -> str:
    """Return the provider that the key of an incident names."""
    return incident.split("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of every platform's destinations; each is one slot of a cluster."""

    count: int

    def base(self, platform: str, number: int) -> str:
        """Return the base of one of them, from 0."""
        of_how_many = "" if self.count == SHARDS else f"/{self.count}"
        return f"icd:{{{platform}.{number}{of_how_many}}}"

    def of_platform(self, platform: str) -> list[str]:
        """Return the bases of a platform."""
        return [self.base(platform, number) for number in range(self.count)]

    def of(self, channel: Channel) -> str:
        """Return the base that holds a channel."""
        return self.base(channel.platform, crc32(str(channel).encode()) % self.count)


def member(channel: Channel) -> str:
    """Return a channel's name within its shard."""
    return f"{channel.tenant}/{channel.id}"


def channel_of(platform: str, member: str) -> Channel:
    """Return the channel of that name."""
    tenant, _, id_ = member.partition("/")
    return Channel(platform, tenant, id_)


def limit(name: str) -> str:
    return f"icd:{{limit.{name}}}"


def wanted_sets(subscription: Subscription) -> list[str]:
    """Return the index sets of a subscription."""
    surfaces = sorted(subscription.surfaces) or ["everything"]
    sets = [f"{surface}:{subscription.severity.value}" for surface in surfaces]
    sets.append(tenant_set(subscription.channel.tenant))
    if subscription.escalation is not None:
        sets.append(f"escalates:{subscription.escalation.minutes}")
    if subscription.board is not None:
        sets.append(BOARDS)
    return sets


def tenant_set(tenant: str) -> str:
    """Return the index set of a tenant's subscriptions; commas and bars have a meaning there."""
    return f"tenant:{quote(tenant, safe='')}"


def concerned_sets(subject: Incident | Blindness) -> list[str]:
    """Return the index sets whose channels may want a subject; a superset is harmless."""
    concerned = [("everything", subject.worst)]
    concerned += [(surface, impact.worst) for surface, impact in subject.concerned.items()]
    sets = [
        f"{surface}:{asked.value}"
        for surface, worst in concerned
        for asked in WATCHABLE
        if asked.rank <= worst.rank
    ]
    return [*sets, f"thread:{subject.key}"]


def taken(incident: str) -> str:
    return f"{COMMON}:taken:{incident}"


def value(name: str) -> str:
    return f"icd:{{value.{name}}}"


def deferred(platform: str) -> str:
    return f"icd:{{deferred.{platform}}}"


def handled(name: str) -> str:
    return f"icd:{{handled.{name}}}"


GATEWAY = "icd:{discord}"
REPLICAS_KEY = f"{GATEWAY}:replicas"

INSTALLED_PLATFORM = "slack"  # the one whose workspaces install the app by themselves
SLACK_INSTALLATIONS = "icd:{slack}:installations"
SLACK_HOMES = "icd:{slack}:homes"
SLACK_HOMES_TURN = f"{SLACK_HOMES}_turn"


def slack_state(state: str) -> str:
    return f"icd:{{slack}}:state:{state}"
