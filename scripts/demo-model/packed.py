"""The packed layout of feature examples: per layer a file of records, and an index of where each begins."""

import gzip
import json
import struct
import zlib


def _entry(value):
    """Length (uint32, little-endian), then zlib of JSON."""
    packed = zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    return struct.pack("<I", len(packed)) + packed


def write(folder, layers):
    """`layers`: for each the records of its features, None for one that is never on."""
    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for layer, records in enumerate(layers):
        offsets, chunks = [0], []
        for value in records:
            chunks.append(b"" if value is None else _entry(value))
            offsets.append(offsets[-1] + len(chunks[-1]))
        (folder / f"layer_{layer}.bin").write_bytes(b"".join(chunks))
        index[str(layer)] = {"filename": f"layer_{layer}.bin", "offsets": offsets}
    index |= {"version": "1.0", "format": "variable_chunks"}
    # Without a time, so that equal features give equal bytes.
    (folder / "index.json.gz").write_bytes(gzip.compress(json.dumps(index, separators=(",", ":")).encode(), 9, mtime=0))


def read(folder):
    """(layer, feature, record) of all features that have one."""
    index = json.loads(gzip.decompress((folder / "index.json.gz").read_bytes()))
    for layer, part in index.items():
        if not layer.isdigit():
            continue
        data, offsets = (folder / part["filename"]).read_bytes(), part["offsets"]
        for feature, (begin, end) in enumerate(zip(offsets, offsets[1:])):
            if begin < end:
                yield int(layer), feature, json.loads(zlib.decompress(data[begin + 4 : end]))
