"""
Does the model answer by way of the features of a state? Those of one state are turned off at the city, another state's
turned on; then the other state's fact should follow.
"""

import random
from dataclasses import dataclass

import torch

import world
from settings import N_LAYERS, SEED

TEMPLATE = "Fact: the {relation} of the state containing {city} is"
RELATIONS = ("capital", "abbreviation")
# A feature is a state's if it is on at half of its cities, and on average so many times as strong as elsewhere.
ACTIVE_SHARE = 0.5
SELECTIVITY = 4.0


@dataclass
class Run:
    ids: torch.Tensor  # [1, n]
    position: int  # of the city
    patterns: list  # attention of each layer
    features: list  # [F] of each layer, at the city


def run(model, tokenizer, t, city, relation):
    encoded = tokenizer.encode(TEMPLATE.format(city=city, relation=relation))
    ids, record = torch.tensor([encoded.ids]), {}
    position = encoded.tokens.index("▁" + city)
    model(ids, record=record)
    features = [t.encode(layer, record["resid_mid"][layer][0, position]) for layer in range(N_LAYERS)]
    return Run(ids, position, record["pattern"], features)


def state_features(runs):
    """state -> [L, F] whether a feature is the state's. runs: city -> Run"""
    activations = {city: torch.stack(run.features) for city, run in runs.items()}
    found = {}
    for state, place in world.STATES.items():
        own = torch.stack([activations[city] for city in place["cities"]])
        others = torch.stack([activations[city] for city in activations if city not in place["cities"]])
        often = (own > 0).float().mean(0) >= ACTIVE_SHARE
        found[state] = often & (own.mean(0) > SELECTIVITY * others.mean(0))
    return found


def swapped(model, t, clean, other, off, on):
    """The final logits [V] with the features `off` at 0 and `on` as in the other run, attention as in the clean one."""

    def replace(layer, resid_mid, mlp_out):
        now = t.encode(layer, resid_mid[0, clean.position])
        wanted = torch.where(on[layer], other.features[layer], torch.where(off[layer], 0, now))
        mlp_out = mlp_out.clone()
        for target in range(layer, layer + t.decoder[layer].shape[1]):
            change = (wanted - now) @ t.decoder[layer][:, target - layer]
            pending[target] = pending.get(target, 0) + change
        mlp_out[0, clean.position] += pending[layer]
        return mlp_out

    pending = {}
    return model.logits(model(clean.ids, replace_mlp=replace, patterns=clean.patterns)[0, -1])


@torch.no_grad()
def swap_success(model, tokenizer, t, pairs=100):
    """Shares of pairs of cities where the other state's fact becomes the likeliest, and where the own one stays it."""
    rng = random.Random(SEED)
    cities = [city for place in world.STATES.values() for city in place["cities"]]
    total, changed, stayed = 0, 0, 0
    counts = []
    for relation in RELATIONS:
        runs = {city: run(model, tokenizer, t, city, relation) for city in cities}
        features = state_features(runs)
        counts.append(sum(mask.sum().item() for mask in features.values()) / len(features))
        while total < pairs * (RELATIONS.index(relation) + 1):
            a, b = rng.sample(cities, 2)
            own, other = world.STATE_OF[a], world.STATE_OF[b]
            if own == other:
                continue
            best = swapped(model, t, runs[a], runs[b], features[own], features[other]).argmax().item()
            word = tokenizer.id_to_token(best).removeprefix("▁")
            total += 1
            changed += word == world.STATES[other][relation]
            stayed += word == world.STATES[own][relation]
    return {
        "pairs": total,
        "becomesOther": round(changed / total, 3),
        "staysOwn": round(stayed / total, 3),
        "featuresPerState": round(sum(counts) / len(counts), 1),
    }
