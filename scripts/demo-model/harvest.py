"""Writes what each feature answers to: the packed examples of both sets, in the layout that feature pages read."""

from dataclasses import dataclass

import torch

import packed
import transcoders
from activations import collect, load_model
from settings import N_FEATURES, N_LAYERS, SEED

DOCUMENTS = 8_192
LONGEST_EXAMPLE = 10
TOP_EXAMPLES = 5
# The top examples show a word at most so often: many features answer to several.
SAME_WORD = 2
SUBSAMPLES = ((2, 2),)  # parts of the range of activations, examples from each part
BINS = 14
LOGITS = 8


@dataclass
class Text:
    """The documents that examples are cut from."""

    words: list  # [tokens] text of each token
    ids: torch.Tensor  # [tokens]
    start: list  # [tokens] where the token's document begins
    end: list  # [tokens] where it ends


def make_text(data, tokenizer):
    words = {i: tokenizer.decode([i], skip_special_tokens=False) for i in data.tokens.unique().tolist()}
    counts = torch.bincount(data.document)
    ends = counts.cumsum(0)
    return Text(
        [words[i] for i in data.tokens.tolist()],
        data.tokens,
        (ends - counts)[data.document].tolist(),
        ends[data.document].tolist(),
    )


def rounded(value):
    return float(f"{value:.3g}")


def example(text, activations, at):
    start, end = text.start[at], text.end[at]
    start = max(start, min(at - LONGEST_EXAMPLE + 4, end - LONGEST_EXAMPLE))
    end = min(end, start + LONGEST_EXAMPLE)
    return {
        "tokens": text.words[start:end],
        "tokens_acts_list": [rounded(value) for value in activations[start:end].tolist()],
        "train_token_ind": at - start,
        "is_repeated_datapoint": False,
    }


def pick(text, order, count, same_word, seen):
    """The first `count` places of `order` in documents not seen yet, each word at most `same_word` times."""
    picked, words = [], {}
    for at in order:
        key = tuple(text.words[text.start[at] : text.end[at]])
        word = text.words[at]
        if key in seen or words.get(word, 0) >= same_word:
            continue
        seen.add(key)
        words[word] = words.get(word, 0) + 1
        picked.append(at)
        if len(picked) == count:
            break
    return picked


def quantiles(text, activations, active):
    """`active`: the places where the feature is on, strongest first."""
    seen = set()
    groups = [("Top activations", pick(text, active[:400], TOP_EXAMPLES, SAME_WORD, seen))]
    for number, (parts, count) in enumerate(SUBSAMPLES):
        begin = len(active) * (number + 1) // (parts + 1)
        groups.append((f"Subsample interval {number}", pick(text, active[begin : begin + 60], count, 1, seen)))
    return [
        {"quantile_name": name, "examples": [example(text, activations, at) for at in places]}
        for name, places in groups
        if places
    ]


def record(text, activations, layer, feature, kind, logits):
    """All that is known of one feature; None if it is never on. activations: [tokens]"""
    places = activations.nonzero().squeeze(-1)
    if len(places) == 0:
        return None
    values, order = activations[places].sort(descending=True, stable=True)
    highest = values[0].item()
    steps = [1, 0.75, 0.5, 0.25, 0]
    return {
        "transcoder_id": f"demo-{transcoders.FOLDERS[kind].name}-{layer}",
        "index": feature,
        "examples_quantiles": quantiles(text, activations, places[order].tolist()),
        **logits,
        "act_min": 0,
        "act_max": rounded(highest),
        "quantile_values": [rounded(torch.quantile(values[:100_000], 1 - step).item()) for step in steps],
        "histogram": torch.histc(values, bins=BINS, min=0, max=highest).int().tolist(),
        "activation_frequency": rounded(len(values) / len(activations)),
    }


def logit_effects(model, tokenizer, t, layer):
    """[F] of the tokens that each feature makes likelier and less likely, by what it writes in all its layers."""
    readout = model.embed_tokens.weight * (1 + model.norm.weight)  # [V, D]
    effects = t.decoder[layer].sum(1) @ (readout - readout.mean(0)).T  # [F, V]
    words = [tokenizer.decode([i], skip_special_tokens=False) for i in range(effects.shape[1])]
    named = lambda ids: [words[i] for i in ids]
    return [
        {"top_logits": named(top), "bottom_logits": named(bottom)}
        for top, bottom in zip(effects.topk(LOGITS).indices.tolist(), (-effects).topk(LOGITS).indices.tolist())
    ]


def records(kind, model, tokenizer, data):
    """Layer by layer, what is known of each feature."""
    t, text = transcoders.load(kind), make_text(data, tokenizer)
    for layer in range(N_LAYERS):
        activations = t.encode(layer, data.resid_mid[layer]).T.contiguous()  # [F, tokens]
        logits = logit_effects(model, tokenizer, t, layer)
        yield [record(text, activations[f], layer, f, kind, logits[f]) for f in range(N_FEATURES)]


@torch.no_grad()
def main():
    torch.set_num_threads(2)
    model, tokenizer = load_model()
    data = collect(model, tokenizer, DOCUMENTS, SEED + 2)
    for kind, folder in transcoders.FOLDERS.items():
        packed.write(folder / "features", records(kind, model, tokenizer, data))
        size = sum(path.stat().st_size for path in (folder / "features").iterdir())
        print(f"{folder.name}: {size / 2**20:.2f} MiB of examples")


if __name__ == "__main__":
    main()
