"""Who belongs to an organisation, kept in SQLite by following its history on NATS.

    python members.py --nats nats://127.0.0.1:4222 --org kickstart --database members.db

The cursor stands in the same database as what is computed, and both change in one transaction: whenever the program is
killed, it goes on where it was, and nothing is counted twice. A transaction ends where a command ends, so that nobody who
reads the database sees half of one: a server hands out the first messages of a batch while it still stores the rest.
"""

import argparse
import asyncio
import json
import sqlite3
import sys

import nats
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

STREAM = "TENURE"

TABLES = """
create table if not exists cursor (
    id integer primary key check (id = 1),
    log text,                       -- which log this is of
    position integer not null,      -- the last event that was taken, by its place in the stream
    org_sequence integer not null   -- and by its place in the history of the organisation
);
insert or ignore into cursor values (1, null, 0, 0);
create table if not exists member (
    user text primary key,
    user_type text not null,
    privileges text not null,       -- a JSON list, sorted
    valid_until text
);
"""

MEMBERSHIP = {
    "tenure.subscription.granted.v1",
    "tenure.subscription.retyped.v1",
    "tenure.subscription.extended.v1",
    "tenure.privilege.granted.v1",
    "tenure.privilege.revoked.v1",
}
WITHDRAWN = "tenure.subscription.withdrawn.v1"
# Events of these kinds say who is a member; "privilege.defined" says what privileges there are.
ENTITIES = {"subscription", "privilege"}
KNOWN = MEMBERSHIP | {WITHDRAWN, "tenure.privilege.defined.v1"}


class Wrong(Exception):
    """What was received cannot be what Tenure published: somebody has to look."""


class Gap(Wrong):
    """An event of the organisation is missing."""


class Members:
    """The read model and its cursor."""

    def __init__(self, path, org):
        self.org = org
        self.database = sqlite3.connect(path)
        self.database.executescript(TABLES)
        self.command = None
        self.load()

    def load(self):
        self.end = 0  # Where the command ends whose events are taken and not committed; 0 when there is none.
        row = self.database.execute("select log, position, org_sequence from cursor").fetchone()
        self.log, self.position, self.sequence = row

    def take(self, sequence, event):
        """Takes the event at a place of the stream."""
        position = int(event.get_extension("position"))
        org_sequence = int(event.get_extension("orgsequence"))
        if position != sequence:
            raise Wrong(f"message {sequence} says that it is event {position}")
        if self.log not in (None, event.get_source()):
            raise Wrong(f"event {position} is of {event.get_source()}, not of {self.log}")
        if position <= self.position:
            return  # Delivery is at least once: this one is in the database already.
        if org_sequence != self.sequence + 1:
            raise Gap(f"event {position} is number {org_sequence} of {self.org}, after number {self.sequence}")
        if event.get_extension("command") != self.command:
            self.commit()  # The command before is whole.
        self.end = position - event.get_extension("commandindex") + event.get_extension("commandcount") - 1
        kind = event.get_type()
        # A later version of Tenure may say it in another way: whoever skips that is wrong from then on.
        if kind.split(".")[1] in ENTITIES and kind not in KNOWN:
            raise Wrong(f"event {position} is of type {kind}, which this program does not know: update it")
        self.apply(kind, event.get_data())
        self.command = event.get_extension("command")
        self.log, self.position, self.sequence = event.get_source(), position, org_sequence
        self.database.execute(
            "update cursor set log = ?, position = ?, org_sequence = ?", (self.log, position, org_sequence)
        )
        if position == self.end:
            self.commit()

    def apply(self, kind, data):
        # What concerns this organisation but is a fact of another stands here too, as a twin: our users' memberships
        # elsewhere.
        if data.get("org") != self.org:
            return
        if kind in MEMBERSHIP:
            # Every event states the whole value after it, so that none before it is needed.
            held = data["subscription"]
            values = (data["user"], held["user_type"], json.dumps(sorted(held["privileges"])), held.get("valid_until"))
            self.database.execute("insert or replace into member values (?, ?, ?, ?)", values)
        elif kind == WITHDRAWN:
            self.database.execute("delete from member where user = ?", (data["user"],))

    def commit(self):
        self.end = 0
        if self.database.in_transaction:
            self.database.commit()
            print(self.position, flush=True)

    def rollback(self):
        self.database.rollback()
        self.command = None
        self.load()


async def follow(jetstream, members):
    """Follows the history of the organisation from the cursor on, until the connection is lost."""
    # The cursor is ours, so the server keeps nothing for us: a consumer that it forgets when we are gone.
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=members.position + 1,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=60,
    )
    subject = f"tenure.events.{members.org}.>"
    subscription = await jetstream.pull_subscribe(subject, stream=STREAM, config=config)
    while True:
        try:
            messages = await subscription.fetch(100, timeout=0.2 if members.end else 5)
        except asyncio.TimeoutError:
            # Nothing new. A command whose last event is not ours is whole once the stream is past it, and all is here.
            stream = await jetstream.stream_info(STREAM)
            ours = await subscription.consumer_info()  # And is it still there?
            is_all_here = ours.num_pending == 0 and ours.delivered.stream_seq <= members.position
            if members.end and stream.state.last_seq >= members.end and is_all_here:
                members.commit()
            continue
        for message in messages:
            structured = HTTPMessage({"content-type": "application/cloudevents+json"}, message.data)
            members.take(message.metadata.sequence.stream, from_structured_event(structured))


async def tell(error):
    print(f"the connection: {error}", file=sys.stderr)


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nats", default="nats://127.0.0.1:4222")
    parser.add_argument("--org", required=True)
    parser.add_argument("--database", required=True)
    arguments = parser.parse_args()

    members = Members(arguments.database, arguments.org)
    connection = await nats.connect(arguments.nats, max_reconnect_attempts=-1, error_cb=tell)
    missing = None
    while True:
        try:
            await follow(connection.jetstream(), members)
        except Gap as gap:
            # Messages may be lost on the way, and come when asked for again. What is missing twice is missing.
            members.rollback()
            if missing == members.sequence:
                sys.exit(f"error: {gap}")
            missing = members.sequence
        except Wrong as wrong:
            members.rollback()
            sys.exit(f"error: {wrong}")
        except (NatsError, OSError) as error:
            members.rollback()
            print(f"the stream cannot be read, trying again: {error}", file=sys.stderr)
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
