"""What the model computes on generated documents: the inputs and outputs of its MLPs, and the text they belong to."""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

import model as gemma2
from corpus import Corpus, split
from settings import D_MODEL, MODEL, N_LAYERS


def load_model():
    return gemma2.load(MODEL), Tokenizer.from_file(str(MODEL / "tokenizer.json"))


@dataclass
class Activations:
    """Of all tokens but <bos> and padding, document by document."""

    resid_mid: torch.Tensor  # [L, tokens, D]
    mlp_out: torch.Tensor  # [L, tokens, D]
    tokens: torch.Tensor  # [tokens] ids
    document: torch.Tensor  # [tokens] number of the document


@torch.no_grad()
def collect(model, tokenizer, n_documents, seed, batch=128):
    """Of `n_documents` generated documents."""
    corpus = Corpus(tokenizer, split()[0], seed)
    pad, bos = tokenizer.token_to_id("<pad>"), tokenizer.token_to_id("<bos>")
    parts = {"resid_mid": [], "mlp_out": [], "tokens": [], "document": []}
    for number, (ids, _) in enumerate(corpus.batches(n_documents // batch, batch, pad)):
        ids, record = torch.from_numpy(ids), {}
        model(ids, record=record)
        kept = (ids != pad) & (ids != bos)
        for name in ("resid_mid", "mlp_out"):
            parts[name].append(torch.stack([value[kept] for value in record[name]]))
        parts["tokens"].append(ids[kept])
        rows = torch.arange(ids.shape[0])[:, None] + number * batch
        parts["document"].append(rows.expand_as(ids)[kept])
    resid_mid, mlp_out = torch.cat(parts["resid_mid"], 1), torch.cat(parts["mlp_out"], 1)
    assert resid_mid.shape == mlp_out.shape == (N_LAYERS, resid_mid.shape[1], D_MODEL)
    return Activations(resid_mid, mlp_out, torch.cat(parts["tokens"]), torch.cat(parts["document"]))
