"""Trains the model on generated documents and stores it as float16."""

import argparse
import math
import time

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import model as gemma2
from corpus import Corpus, split
from make_tokenizer import SPECIAL, write_json
from settings import MODEL, SEED

STEPS = 2400
BATCH = 128
LEARNING_RATE = 3e-3
WARM_UP = 100
WEIGHT_DECAY = 0.3
# Words that don't follow from the facts teach little: which city, which phrasing.
OTHER_TOKENS_WEIGHT = 0.1
# Noise on what the MLPs of each layer write, relative to its size. The norm behind the MLP fixes that size, so what
# withstands noise best is to write the fact alone: the cities of a state then write the same, which is what features can find.
NOISE = (2.0, 1.0, 1.0, 0.5)


def learning_rate(step, steps):
    warm = min(1, (step + 1) / WARM_UP)
    return LEARNING_RATE * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def make_optimizer(model):
    matrices = [p for p in model.parameters() if p.ndim > 1 and p.requires_grad]
    gains = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": gains, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98), fused=False)


def noisy(layer, resid_mid, mlp_out):
    size = mlp_out.detach().pow(2).mean(-1, keepdim=True).sqrt()
    return mlp_out + NOISE[layer] * size * torch.randn_like(mlp_out)


def loss_of(model, ids, answers, pad):
    """Mean over the answers plus a little of the mean over the other words."""
    final = model(ids[:, :-1], replace_mlp=noisy)
    targets = ids[:, 1:]
    known = targets != pad
    losses = F.cross_entropy(model.logits(final[known]), targets[known], reduction="none")
    is_answer = answers[:, 1:][known]
    answer_loss = losses[is_answer].mean()
    return answer_loss + OTHER_TOKENS_WEIGHT * losses[~is_answer].mean(), answer_loss


@torch.no_grad()
def accuracy(model, tokenizer, statements):
    """Share of the statements whose answer is the likeliest next word; and for each whether it is."""
    right = [False] * len(statements)
    by_length = {}
    for i, s in enumerate(statements):
        ids = tokenizer.encode(s.prompt).ids
        by_length.setdefault(len(ids), []).append((i, ids, tokenizer.token_to_id("▁" + s.answer)))
    for rows in by_length.values():
        for start in range(0, len(rows), 512):
            places, ids, answers = zip(*rows[start : start + 512])
            best = model.logits(model(torch.tensor(ids))[:, -1]).argmax(-1)
            for place, found, answer in zip(places, best.tolist(), answers):
                right[place] = found == answer
    return sum(right) / max(1, len(right)), right


def summary(model, tokenizer, training, held_out, sample=600):
    one_step = [s for s in training if s.kind in ("cityPlace", "placeFact", "birth")][:: 9737 // sample]
    parts = {
        "one": one_step,
        "two": [s for s in training if s.kind == "twoStep"][:: 22000 // sample],
        "held": [s for s in held_out if s.kind == "twoStep"][:: 6500 // sample],
        "heldBirth": [s for s in held_out if s.kind == "birthTwoStep"][::2],
        "sum": [s for s in training if s.kind == "sum"],
        "opp": [s for s in training if s.kind == "opposite"],
    }
    return " ".join(f"{key} {accuracy(model, tokenizer, part)[0]:.3f}" for key, part in parts.items())


def train(steps, report=500, limit_s=None):
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    training, held_out = split()
    corpus = Corpus(tokenizer, training, SEED)
    model = gemma2.Gemma2(tokenizer.get_vocab_size())
    optimizer = make_optimizer(model)
    pad = tokenizer.token_to_id("<pad>")
    begin = time.time()
    for step, (ids, answers) in enumerate(corpus.batches(steps, BATCH, pad)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps)
        loss, answer_loss = loss_of(model, torch.from_numpy(ids), torch.from_numpy(answers), pad)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % report == 0 or step + 1 == steps:
            figures = summary(model, tokenizer, training, held_out)
            print(f"{step + 1:6d} {time.time() - begin:5.0f} s  answers {answer_loss:.4f}  {figures}", flush=True)
    return model, tokenizer


def store(model, tokenizer):
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    write_json(MODEL / "config.json", gemma2.hf_config(tokenizer.get_vocab_size(), ids))
    write_json(
        MODEL / "generation_config.json",
        {"bos_token_id": ids["<bos>"], "eos_token_id": ids["<eos>"], "pad_token_id": ids["<pad>"]},
    )
    gemma2.save(model, MODEL)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    store(*train(parser.parse_args().steps))


if __name__ == "__main__":
    main()
