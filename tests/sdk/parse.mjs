// Reads each file with the CloudEvents SDK and writes what it found there as a line of JSON.

import { readFileSync } from "node:fs";
import { HTTP } from "cloudevents";

for (const path of process.argv.slice(2)) {
  const headers = { "content-type": "application/cloudevents+json" };
  const event = HTTP.toEvent({ headers, body: readFileSync(path, "utf8") });
  event.validate();
  const { time, data, ...attributes } = event.toJSON();
  const there = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const texts = there.map(([name, value]) => [name, String(value)]);
  console.log(JSON.stringify({ ...Object.fromEntries(texts), data }));
}
