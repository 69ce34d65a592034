"""Reads each file with the CloudEvents SDK and writes what it found there as a line of JSON."""

import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        message = HTTPMessage({"content-type": "application/cloudevents+json"}, file.read())
    event = from_structured_event(message)
    attributes = {name: str(value) for name, value in event.get_attributes().items() if name != "time"}
    print(json.dumps({**attributes, "data": event.get_data()}))
