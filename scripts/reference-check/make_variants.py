"""
Writes small graph files in the forms that the reference implementation, or people, have saved them in, with PyTorch itself
and the configuration of TransformerLens 2: `python make_variants.py OUT`. Made once; the tests read them (test/integration/parity/pytorch).

Every file holds the same graph: two layers, three positions, four active features, three of them selected, two outputs.
"""

import dataclasses
import sys
import types
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformer_lens import HookedTransformerConfig


def module(name, **members):
    """The classes' modules, as pickles name them, without their packages."""
    parts = name.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    for member, value in members.items():
        value.__module__, value.__qualname__ = name, member
        setattr(sys.modules[name], member, value)


class LogitTarget(NamedTuple):
    token_str: str
    vocab_idx: int


@dataclasses.dataclass
class UnifiedConfig:
    n_layers: int = 2
    d_model: int = 8
    d_vocab: int = 50
    model_name: str = "tiny"
    original_architecture: str = "LlamaForCausalLM"
    dtype: Any = torch.bfloat16


module("circuit_tracer.attribution.targets", LogitTarget=LogitTarget)
module("circuit_tracer.utils.tl_nnsight_mapping", UnifiedConfig=UnifiedConfig)

S, ERRORS, N, K = 3, 6, 3, 2
M = S + ERRORS + N + K


def matrix():
    """Eighths, which every dtype holds exactly."""
    full = torch.zeros(M, M)
    for row in [*range(S), *range(M - K, M)]:
        for column in range(M - K):
            if column != row:
                full[row, column] = ((row * 7 + column * 3) % 17 - 8) / 8
    return full


def graph(**changes):
    fields = {
        "input_string": "a b c",
        "adjacency_matrix": matrix(),
        "cfg": UnifiedConfig(),
        "active_features": torch.tensor([[0, 0, 40], [0, 1, 7], [0, 2, 9], [1, 2, 3]]),
        "logit_targets": [LogitTarget(" d", 13), LogitTarget("", 14)],
        "logit_probabilities": torch.tensor([0.5, 0.25]),
        "vocab_size": 50,
        "input_tokens": torch.tensor([2, 5, 6]),
        "selected_features": torch.tensor([0, 1, 3]),
        "activation_values": torch.tensor([1.5, 2.0, 0.25, -0.5]),
        "scan": "org/set",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def tensors_to(dtype):
    names = ("adjacency_matrix", "logit_probabilities", "activation_values")
    return {name: graph()[name].to(dtype) for name in names}


def recompressed(source, target):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))


def main():
    out = Path(sys.argv[1])
    first_release = {"logit_targets": ..., "logit_tokens": torch.tensor([13, 14]), "vocab_size": ...}
    hooked = HookedTransformerConfig(
        n_layers=2, d_model=8, n_ctx=16, d_head=4, d_vocab=50, act_fn="relu", dtype=torch.bfloat16, device="cpu",
        model_name="tiny", original_architecture="LlamaForCausalLM",
    )  # fmt: skip
    variants = {
        "now": graph(),
        "first-release": graph(cfg=hooked, **first_release),
        "targets-as-tensor": graph(logit_targets=torch.tensor([13, 14])),
        "scan-name": graph(scan=..., scan_name=["org/a", "org/b"]),
        "no-scan": graph(scan=None),
        "bfloat16": graph(**tensors_to(torch.bfloat16)),
        "float16": graph(**tensors_to(torch.float16)),
        "float64": graph(**tensors_to(torch.float64)),
        "int32": graph(input_tokens=torch.tensor([2, 5, 6], dtype=torch.int32)),
        "transposed": graph(adjacency_matrix=matrix().T.contiguous().T),
        "view": graph(adjacency_matrix=torch.nn.functional.pad(matrix(), (1, 2, 3, 1))[3:-1, 1:-2]),
        "batched-tokens": graph(input_tokens=torch.tensor([[2, 5, 6]])),
    }
    for name, value in variants.items():
        torch.save(value, out / f"{name}.pt")
    torch.save(graph(), out / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(graph(), out / "protocol-4.pt", pickle_protocol=4)
    torch.save(graph(), out / "protocol-5.pt", pickle_protocol=5)
    recompressed(out / "now.pt", out / "compressed.pt")


if __name__ == "__main__":
    main()
