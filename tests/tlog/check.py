"""Checks our checkpoints, tiles and proofs by foreign code, aics-tlog.

check.py FOLDER: `checkpoint`, `key`, `tile/...` and `proofs.json` as a node served them.
"""

import base64
import json
import pathlib
import sys

import aics_tlog as t

folder = pathlib.Path(sys.argv[1])
key = t.parse_vkey((folder / "key").read_text().strip())


def checkpoint(text):
    note = t.parse_note(text)
    verified = t.verify_checkpoint(note, key, expected_origin=key.name)
    assert verified.ok, verified
    return t.parse_checkpoint(note.text)


def hashes(proof):
    return [base64.b64decode(one, validate=True) for one in proof]


log = checkpoint((folder / "checkpoint").read_text())
tiles = t.FileSystemTileReader(folder)
audited = t.audit_tiles(tiles, log.size, log.root, entries=False)
assert audited.tiles > 1, audited

proofs = json.loads((folder / "proofs.json").read_text())
for one in proofs["inclusion"]:
    index, leaf, proof = one["position"] - 1, one["event"].encode(), hashes(one["proof"])
    assert t.leaf_hash(leaf) == base64.b64decode(one["leaf"]), one
    assert t.verify_leaf_inclusion(leaf, index, log.size, proof, log.root), one
    assert not t.verify_leaf_inclusion(leaf + b" ", index, log.size, proof, log.root), one
    assert proof == t.inclusion_proof_from_tiles(tiles, index, log.size)
for one in proofs["consistency"]:
    new = checkpoint(one["checkpoint"])
    old, proof = (one["from"], base64.b64decode(one["from_root"])), hashes(one["proof"])
    assert t.verify_consistency(old[0], new.size, old[1], new.root, proof), one
    assert t.tree_root_from_tiles(tiles, old[0], log.size) == old[1]
print(f"{audited.tiles} tiles, {len(proofs['inclusion'])} + {len(proofs['consistency'])} proofs")
