"""
Trains both sets of transcoders on the model's activations.

The threshold of a layer follows what keeps `ACTIVE` features on per token, so that it needs no penalty; features that
have long been silent learn from what the others leave over.
"""

import argparse
import math
import time

import torch

from activations import collect, load_model
from settings import N_FEATURES, N_LAYERS, SEED
from transcoders import Transcoders, save

DOCUMENTS = 24_000
STEPS = {"perLayer": 2500, "crossLayer": 2500}
BATCH = 2048
LEARNING_RATE = 2e-3
ACTIVE = 18
# Weight of the sizes of what features write, beside the variance left over: it costs least to write a direction that occurs
# often, as that of a state, by a feature of its own. Held until features have found their directions, then lowered, since it
# also makes them write too little.
SPARSITY = (0.6, 0.05)
HELD = 0.6
# Steps without activation after which a feature counts as silent, how many of them learn at once, how strongly.
SILENT_STEPS = 100
SILENT_ACTIVE = 32
SILENT_WEIGHT = 1 / 16


def sparsity(progress):
    """Its weight at this share of the training."""
    first, last = SPARSITY
    return first + (last - first) * max(0, (progress - HELD) / (1 - HELD))


class Trainer:
    def __init__(self, kind, data, steps):
        self.data, self.steps = data, steps
        self.t = Transcoders(kind)
        self.scales = data.mlp_out.var(1).sum(-1)  # [L] variance to explain
        if kind == "crossLayer":
            # Trained as though inputs had rms 1; folded into the encoder at the end.
            self.input_scale = data.resid_mid.pow(2).mean((1, 2)).sqrt()
        else:
            self.input_scale = torch.ones(N_LAYERS)
        self.t.decoder_bias.data = data.mlp_out.mean(1)
        self.cut = torch.zeros(N_LAYERS)
        self.silent_for = torch.zeros(N_LAYERS, N_FEATURES)
        self.optimizer = torch.optim.Adam(self.t.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99))

    def _encode(self, layer, resid_mid):
        """Activations and, for the silent features, what they would be."""
        t = self.t
        pre = (t.inputs(layer, resid_mid) / self.input_scale[layer]) @ t.encoder[layer].T + t.encoder_bias[layer]
        pre = pre.relu()
        strength = (pre * t.sizes(layer)).detach()
        self._follow(layer, strength)
        active = strength > self.cut[layer]
        fired = active.any(0)
        self.silent_for[layer] = torch.where(fired, 0, self.silent_for[layer] + 1)
        features = pre * active
        self.written = self.written + (features * t.sizes(layer)).sum(-1).mean() / self.scales[layer].sqrt()
        return features, pre

    def _follow(self, layer, strength, sample=64):
        """The cut that leaves ACTIVE features per token, estimated on part of the batch and smoothed."""
        values = strength[:sample].flatten()
        cut = values.kthvalue(values.numel() - ACTIVE * sample).values
        self.cut[layer] = cut if self.cut[layer] == 0 else 0.97 * self.cut[layer] + 0.03 * cut

    def _silent_loss(self, layer, pre, residual):
        """Silent features reconstruct what is left over in their own layer."""
        silent = (self.silent_for[layer] > SILENT_STEPS).nonzero().squeeze(-1)
        if len(silent) == 0:
            return 0.0
        pre = pre[:, silent]
        kept = pre.topk(min(SILENT_ACTIVE, len(silent)), dim=-1)
        sparse = torch.zeros_like(pre).scatter(-1, kept.indices, kept.values)
        guess = sparse @ self.t.decoder[layer][silent, 0]
        return SILENT_WEIGHT * (residual.detach() - guess).pow(2).sum(-1).mean() / self.scales[layer]

    def step(self, rows, sparsity):
        self.written = 0.0
        encoded = [self._encode(layer, self.data.resid_mid[layer, rows]) for layer in range(N_LAYERS)]
        features = [features for features, _ in encoded]
        unexplained, extra = [], 0.0
        for layer in range(N_LAYERS):
            residual = self.data.mlp_out[layer, rows] - self.t.decode(features, layer)
            unexplained.append(residual.pow(2).sum(-1).mean() / self.scales[layer])
            extra = extra + self._silent_loss(layer, encoded[layer][1], residual)
        loss = sum(unexplained) + extra + sparsity * self.written
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return [value.item() for value in unexplained]

    def run(self, report=250):
        begin = time.time()
        for step in range(self.steps):
            decay = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / self.steps))
            rate = LEARNING_RATE * min(1, (step + 1) / 100) * decay
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            rows = torch.randint(self.data.tokens.shape[0], (BATCH,))
            unexplained = self.step(rows, sparsity(step / self.steps))
            if (step + 1) % report == 0:
                silent = (self.silent_for > SILENT_STEPS).sum(-1).tolist()
                explained = " ".join(f"{1 - value:.3f}" for value in unexplained)
                print(f"{step + 1:6d} {time.time() - begin:5.0f} s  explained {explained}  silent {silent}", flush=True)
        return self._finished()

    @torch.no_grad()
    def _finished(self):
        t = self.t
        for layer in range(N_LAYERS):
            t.threshold[layer] = self.cut[layer] / t.sizes(layer).clamp_min(1e-8)
            t.encoder.data[layer] /= self.input_scale[layer]
        return t.with_unit_decoders()


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--kinds", nargs="+", default=list(STEPS))
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()
    # As the shipped sets were trained: sums of several threads come out differently in their last bits.
    torch.set_num_threads(1)
    data = collect(*load_model(), DOCUMENTS, SEED + 1)
    print(f"{data.tokens.shape[0]} tokens")
    for kind in args.kinds:
        torch.manual_seed(SEED)
        save(Trainer(kind, data, args.steps or STEPS[kind]).run())


if __name__ == "__main__":
    main()
