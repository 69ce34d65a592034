// Who belongs to an organisation, kept in SQLite by following its history on NATS.
//
//     node members.mjs --nats nats://127.0.0.1:4222 --org kickstart --database members.db
//
// The cursor stands in the same database as what is computed, and both change in one transaction: whenever the program is
// killed, it goes on where it was, and nothing is counted twice. A transaction ends where a command ends, so that nobody who
// reads the database sees half of one: a server hands out the first messages of a batch while it still stores the rest.

import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { HTTP } from "cloudevents";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";

const STREAM = "TENURE";

const TABLES = `
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
`;

const MEMBERSHIP = new Set([
  "tenure.subscription.granted.v1",
  "tenure.subscription.retyped.v1",
  "tenure.subscription.extended.v1",
  "tenure.privilege.granted.v1",
  "tenure.privilege.revoked.v1",
]);
const WITHDRAWN = "tenure.subscription.withdrawn.v1";
// Events of these kinds say who is a member; "privilege.defined" says what privileges there are.
const ENTITIES = new Set(["subscription", "privilege"]);
const KNOWN = new Set([...MEMBERSHIP, WITHDRAWN, "tenure.privilege.defined.v1"]);

/** What was received cannot be what Tenure published: somebody has to look. */
class Wrong extends Error {}

/** An event of the organisation is missing. */
class Gap extends Wrong {}

/** The read model and its cursor. */
class Members {
  constructor(path, org) {
    this.org = org;
    this.database = new Database(path);
    this.database.exec(TABLES);
    this.put = this.database.prepare("insert or replace into member values (?, ?, ?, ?)");
    this.remove = this.database.prepare("delete from member where user = ?");
    this.move = this.database.prepare("update cursor set log = ?, position = ?, org_sequence = ?");
    this.load();
  }

  load() {
    const row = this.database.prepare("select log, position, org_sequence from cursor").get();
    Object.assign(this, { log: row.log, position: row.position, sequence: row.org_sequence, command: undefined });
    this.end = 0; // Where the command ends whose events are taken and not committed; 0 when there is none.
  }

  /** Takes the event at a place of the stream. */
  take(sequence, event) {
    const [position, orgSequence] = [Number(event.position), Number(event.orgsequence)];
    if (position !== sequence) {
      throw new Wrong(`message ${sequence} says that it is event ${position}`);
    }
    if (this.log !== null && this.log !== event.source) {
      throw new Wrong(`event ${position} is of ${event.source}, not of ${this.log}`);
    }
    if (position <= this.position) {
      return; // Delivery is at least once: this one is in the database already.
    }
    if (orgSequence !== this.sequence + 1) {
      throw new Gap(`event ${position} is number ${orgSequence} of ${this.org}, after number ${this.sequence}`);
    }
    if (event.command !== this.command) {
      this.commit(); // The command before is whole.
      this.database.exec("begin");
    }
    // A later version of Tenure may say it in another way: whoever skips that is wrong from then on.
    if (ENTITIES.has(event.type.split(".")[1]) && !KNOWN.has(event.type)) {
      throw new Wrong(`event ${position} is of type ${event.type}, which this program does not know: update it`);
    }
    this.apply(event.type, event.data);
    Object.assign(this, { log: event.source, position, sequence: orgSequence, command: event.command });
    this.move.run(this.log, position, orgSequence);
    this.end = position - event.commandindex + event.commandcount - 1;
    if (position === this.end) {
      this.commit();
    }
  }

  apply(type, data) {
    // What concerns this organisation but is a fact of another stands here too, as a twin: our users' memberships
    // elsewhere.
    if (data.org !== this.org) {
      return;
    }
    if (MEMBERSHIP.has(type)) {
      // Every event states the whole value after it, so that none before it is needed.
      const held = data.subscription;
      this.put.run(data.user, held.user_type, JSON.stringify(held.privileges.toSorted()), held.valid_until ?? null);
    } else if (type === WITHDRAWN) {
      this.remove.run(data.user);
    }
  }

  commit() {
    if (this.database.inTransaction) {
      this.database.exec("commit");
      console.log(this.position);
    }
    Object.assign(this, { command: undefined, end: 0 });
  }

  rollback() {
    if (this.database.inTransaction) {
      this.database.exec("rollback");
    }
    this.load();
  }
}

/** Follows the history of the organisation from the cursor on, until the connection is lost. */
async function follow(connection, members) {
  // The cursor is ours, so the server keeps nothing for us: a consumer that it forgets when we are gone.
  const manager = await jetstreamManager(connection);
  const consumer = await manager.consumers.add(STREAM, {
    filter_subject: `tenure.events.${members.org}.>`,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: members.position + 1,
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(60_000),
  });
  const ours = await jetstream(connection).consumers.get(STREAM, consumer.name);
  for (;;) {
    for await (const message of await ours.fetch({ max_messages: 100, expires: 1_000 })) {
      const headers = { "content-type": "application/cloudevents+json" };
      members.take(message.seq, HTTP.toEvent({ headers, body: message.string() }));
    }
    // A command whose last event is not ours is whole once the stream is past it, and all is here.
    const stream = await manager.streams.info(STREAM);
    const info = await ours.info(); // And is it still there?
    const isAllHere = info.num_pending === 0 && info.delivered.stream_seq <= members.position;
    if (members.end > 0 && stream.state.last_seq >= members.end && isAllHere) {
      members.commit();
    }
  }
}

const { values } = parseArgs({
  options: { nats: { type: "string", default: "nats://127.0.0.1:4222" }, org: { type: "string" }, database: { type: "string" } },
});
if (!values.org || !values.database) {
  console.error("usage: node members.mjs [--nats URL] --org ORG --database FILE");
  process.exit(2);
}

const members = new Members(values.database, values.org);
// The client takes no notice of a user and password in a URL.
const url = new URL(values.nats);
const [user, pass] = [url.username, url.password].map((part) => decodeURIComponent(part) || undefined);
const tls = url.protocol === "tls:" ? {} : undefined;
const connection = await connect({ servers: url.host, user, pass, tls, maxReconnectAttempts: -1 });
let missing;
for (;;) {
  try {
    await follow(connection, members);
  } catch (error) {
    // Messages may be lost on the way, and come when asked for again. What is missing twice is missing.
    members.rollback();
    if (error instanceof Wrong && !(error instanceof Gap && missing !== members.sequence)) {
      console.error(`error: ${error.message}`);
      process.exit(1);
    }
    missing = error instanceof Gap ? members.sequence : missing;
    if (!(error instanceof Gap)) {
      console.error(`the stream cannot be read, trying again: ${error.message}`);
      await sleep(1_000);
    }
  }
}
