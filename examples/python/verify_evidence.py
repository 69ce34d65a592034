#!/usr/bin/env python3
"""Verifies a file of evidence, as `tenure evidence` makes it, without Tenure: the standard library is all it needs.

verify_evidence.py FILE [KEY ...]

KEY is what `tenure proof-key` prints, told by the operator and not by the file. Without one the key in the file is taken,
and you have to see that it is the platform's. Exit status: 0 all is proved, 1 it is not.

What it proves: the holder of the key gave this answer and signed a log of this size and root; each event shown stands in
that log, byte for byte; the history of each org named is whole, so that no event of it up to there is missing.
"""

import base64
import hashlib
import json
import sys

# Ed25519 (RFC 8032, section 6), verifying alone: a signature is 64 bytes, a key 32.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def need(true, why):
    if not true:
        raise ValueError(why)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, point):
    result = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point(bytes_):
    y = int.from_bytes(bytes_, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    need(y < P, "no point of the curve")
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - x2) % P == 0 and not (x == 0 and sign), "no point of the curve")
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    return same(times(s, BASE), add(point(signature[:32]), times(h, point(key))))


# The Merkle tree of RFC 6962, verified as RFC 9162 says.
def leaf(event):
    return hashlib.sha256(b"\0" + event).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:split]), root(leaves[split:]))


def included(hash_, index, size, proof, expected):
    last = size - 1
    for other in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            hash_ = node(other, hash_)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            hash_ = node(hash_, other)
        index, last = index >> 1, last >> 1
    return last == 0 and hash_ == expected


# Signed notes and checkpoints of C2SP.
class Key:
    def __init__(self, text):
        self.text = text.strip()
        self.name, id_, key = self.text.split("+", 2)
        key = unbase64(key)
        self.id, self.key = bytes.fromhex(id_), key[1:]
        expected = hashlib.sha256(self.name.encode() + b"\n" + key).digest()[:4]
        need(key[:1] == b"\1" and len(key) == 33 and self.id == expected, "this is no key: " + self.text)

    def opens(self, note):
        """The text of a note, if this key has signed it."""
        text, signatures = note.rsplit("\n\n", 1)
        for line in signatures.removesuffix("\n").split("\n"):
            dash, name, signature = line.split(" ")
            signature = unbase64(signature)
            if (dash, name, signature[:4]) == ("\u2014", self.name, self.id):
                need(signed(self.key, (text + "\n").encode(), signature[4:]), "a signature is wrong")
                return text + "\n"
        return None


def checkpoint(note, key, origin):
    text = key.opens(note)
    need(text is not None, "the checkpoint of " + origin + " is not signed")
    name, size, hash_, *more = text.removesuffix("\n").split("\n")
    need(name == origin and str(int(size)) == size, "the checkpoint of " + origin + " is not right")
    return int(size), unbase64(hash_), more


def trusted(notes, keys):
    """The keys, and those to which one of them handed over: each step is signed with both."""
    for _ in notes:
        for note in notes:
            what, old, new = (note.rsplit("\n\n", 1)[0].split("\n") + ["", ""])[:3]
            if old in keys and new not in keys:
                both = [Key(old).opens(note), Key(new).opens(note)]
                if both == [f"{what}\n{old}\n{new}\n"] * 2 and what == Key(old).name + "/keys":
                    keys = keys + [new]
    return keys


def unbase64(text):
    bytes_ = base64.b64decode(text, validate=True)
    need(base64.b64encode(bytes_).decode() == text, "this is no base64")
    return bytes_


def cited(value):
    """The positions that an answer names: in lists of `events`, and of events that stand in it."""
    if isinstance(value, list):
        return {position for item in value for position in cited(item)}
    if not isinstance(value, dict):
        return set()
    found = {position for member in value.values() for position in cited(member)}
    if isinstance(value.get("events"), list):
        found |= {position for position in value["events"] if type(position) is int}
    if "specversion" in value and isinstance(value.get("position"), str):
        found.add(int(value["position"]))
    return found


def verify(file, given):
    middle, end = b',"seal":"', b'"}\n'
    need(file.endswith(end) and len(file) > 100, "this is no file of evidence")
    seal, sealed = file[-88 - len(end) : -len(end)], file[: -88 - len(end)]
    need(sealed.endswith(middle), "this is no file of evidence")
    sealed = sealed.removesuffix(middle)
    it = json.loads(sealed + b"}")
    need(it["format"] == "tenure-evidence/1", "its format is another")
    key, origin = Key(it["key"]), it["origin"]
    need(it["key"] in trusted(it["keys"], given or [it["key"]]) and key.name == origin, "it is signed with another key")
    digest = base64.b64encode(hashlib.sha256(sealed).digest()).decode()
    need(signed(key.key, f"{origin}/evidence\n{digest}\n".encode(), unbase64(seal.decode())), "the file was changed")

    size, expected, _ = checkpoint(it["checkpoint"], key, origin)
    events = {}
    for shown in it["events"]:
        position, event, bytes_ = shown["position"], json.loads(shown["event"]), shown["event"].encode()
        is_there = included(leaf(bytes_), position - 1, size, [unbase64(one) for one in shown["proof"]], expected)
        need(0 < position <= size and is_there, f"event {position} is not proved to be in the log")
        named = event["position"] == str(position) and "tenure/" + event["source"].removeprefix("/logs/") == origin
        need(named, f"event {position} says that it stands elsewhere")
        events[position] = (event, leaf(bytes_))
    missing = cited(it["answer"]) - set(events) - set(it["unread"])
    need(not missing, f"events are missing: {sorted(missing)}")

    whole = []
    for of in it["orgs"]:
        org, more = of["org"], [f"log {size} {base64.b64encode(expected).decode()}"]
        count, of_org, found = checkpoint(of["checkpoint"], key, f"{origin}/orgs/{org}")
        need(found == more, f"the checkpoint of {org} is of another log")
        own = [(int(event["orgsequence"]), hash_) for _, (event, hash_) in sorted(events.items()) if event["org"] == org]
        need(own == sorted(own) and len({one[0] for one in own}) == len(own), f"events of {org} are not in order")
        leaves = sorted(own + [(sequence, unbase64(one)) for sequence, one in of["others"]])
        need([one[0] for one in leaves] == list(range(1, count + 1)), f"the history of {org} has a gap")
        need(root([one[1] for one in leaves]) == of_org, f"the history of {org} is another")
        whole.append(f"{org}: all {count} events, {len(own)} of them shown")
    return it, size, sorted(events), whole


def main(path, *keys):
    try:
        with open(path, "rb") as file:
            it, size, events, whole = verify(file.read(), [key.strip() for key in keys])
    except Exception as error:  # whatever is odd about a file, it proves nothing
        print(f"not proved: {error}")
        return 1
    print("all is proved" if keys else f"all is proved, if this is the platform's key: {it['key']}")
    print(f"by {it['origin']} at {it['made']}, for {it['reader']}, of the log up to position {size}")
    print(f"asked: {json.dumps(it['question'])}")
    print(f"answered: {json.dumps(it['answer'])[:2000]}")
    print(f"events: {events}; not for this reader: {it['unread']}")
    print("\n".join(whole) or "no history is shown whole")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 1 else __doc__)
