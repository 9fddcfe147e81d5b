"""
Loads graphs that this package saved with the reference implementation's own `Graph.from_pt`, and compares: every edge with
the .safetensors file beside it, bit for bit, and what its `prune_graph` keeps with what ours kept.

    node make-graphs.js OUT && python check.py OUT

Needs the reference (https://github.com/decoderesearch/circuit-tracer) to be installed, or on PYTHONPATH with the packages it
imports, and safetensors. Exits with 1 when anything differs.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

import torch
from circuit_tracer.graph import Graph, prune_graph
from safetensors.torch import load_file


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "from source"


def square(tensors):
    """Our rectangle, rows of features and outputs, as the square matrix of the reference."""
    rectangle, selected = tensors["edges"], len(tensors["selected_features"])
    full = torch.zeros(rectangle.shape[1], rectangle.shape[1])
    full[:selected] = rectangle[:selected]
    full[full.shape[0] - (rectangle.shape[0] - selected) :] = rectangle[selected:]
    return full


def differences(stem):
    graph, tensors = Graph.from_pt(f"{stem}.pt"), load_file(f"{stem}.safetensors")
    if not torch.equal(graph.adjacency_matrix.view(torch.int32), square(tensors).view(torch.int32)):
        yield "edges differ"
    for name in ("input_tokens", "active_features", "selected_features", "activation_values", "logit_probabilities"):
        if not torch.equal(getattr(graph, name).double(), tensors[name].double()):
            yield f"{name} differs"
    if graph.logit_token_ids.tolist() != tensors["logit_token_ids"].tolist():
        yield "logit targets differ"
    for expected in json.loads(Path(f"{stem}.json").read_text())["pruned"]:
        yield from pruning_differences(graph, expected)


def pruning_differences(graph, expected):
    pruned = prune_graph(graph, expected["nodeThreshold"], expected["edgeThreshold"])
    at = f"at {expected['nodeThreshold']}, {expected['edgeThreshold']}"
    if pruned.node_mask.int().tolist() != expected["nodeMask"]:
        yield f"kept nodes differ {at}"
    # An edge of zero is none; whether a mask keeps it is of no consequence.
    kept = (pruned.edge_mask & (graph.adjacency_matrix != 0)).nonzero().tolist()
    if kept != sorted(expected["edges"]):
        yield f"kept edges differ {at}: {len(kept)} and {len(expected['edges'])}"


def main():
    stems = sorted(path.with_suffix("") for path in Path(sys.argv[1]).glob("*.pt"))
    failed = 0
    for stem in stems:
        found = list(differences(stem))
        failed += bool(found)
        print(f"{stem.name:32} {'; '.join(found) or 'equal'}")
    versions = {name: version(name) for name in ("circuit-tracer", "transformer-lens", "torch")}
    print(f"{len(stems) - failed} of {len(stems)} graphs equal; {versions}, Python {sys.version.split()[0]}")
    sys.exit(failed > 0 or not stems)


if __name__ == "__main__":
    main()
