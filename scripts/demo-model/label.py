"""
Names features by their strongest examples and writes labels.json, which graphs read.

A feature that answers to the words of one place is named after it, one that comes before an answer is named after that,
and so on (`name_of`); a feature with no one subject gets no name. `--show` prints the names beside the examples, which is
how the rules were found and how to judge them.
"""

import argparse
from collections import Counter

import packed
import phrasings
import world
from make_tokenizer import write_json
from settings import CROSS_LAYER, PER_LAYER

# Share of a feature's strongest examples that must agree.
AGREEING = 0.6


def _place_of_word():
    places = {}
    for name, place in (world.STATES | world.COUNTRIES).items():
        places |= dict.fromkeys([name, *world.cities_of(place)], name)
    return places | {person: places[city] for person, city in world.BIRTHPLACES.items()}


def _kinds():
    """Kind of answer or subject -> words."""
    kinds = {"a state": set(world.STATES), "a country": set(world.COUNTRIES), "a person": set(world.BIRTHPLACES)}
    for places in (world.STATES, world.COUNTRIES):
        for place in places.values():
            for relation in (*world.STATE_RELATIONS, *world.COUNTRY_RELATIONS):
                if relation in place:
                    article = "an" if relation == "abbreviation" else "a"
                    kinds.setdefault(f"{article} {relation}", set()).add(place[relation])
            kinds.setdefault("a city", set()).update(place["cities"])
    kinds["a number"] = {str(n) for n in range(world.HIGHEST_SUM + 1)}
    kinds["an opposite"] = {word for pair in world.OPPOSITES for word in pair}
    return kinds


PLACE_OF = _place_of_word()
KINDS = _kinds()
ANSWERS = {statement.answer for statement in phrasings.all_statements()}


def agreed(values):
    """The value that at least AGREEING of them share, if any; None never counts."""
    [(value, count)] = Counter(values).most_common(1) or [(None, 0)]
    return value if value is not None and count >= AGREEING * len(values) else None


def agreed_kind(words):
    for kind, members in KINDS.items():
        if sum(word in members for word in words) >= AGREEING * len(words):
            return kind
    return None


def name_of(record):
    examples = record["examples_quantiles"][0]["examples"]
    words = [[token.strip() for token in example["tokens"]] for example in examples]
    peaks = [example["train_token_ind"] for example in examples]
    at = [own[peak] for own, peak in zip(words, peaks)]
    after = [own[peak + 1] if peak + 1 < len(own) else "" for own, peak in zip(words, peaks)]
    answers = [word if word in ANSWERS else None for word in after]
    word, place, answer = agreed(at), agreed([PLACE_OF.get(w) for w in at]), agreed(answers)
    own_words = {w for w in at if PLACE_OF.get(w) == place}
    if place and (len(own_words) > 1 or word == place):
        return place
    if answer:
        return f"say {answer}"
    if word:
        return f"“{word}”"
    kind = agreed_kind([w or "" for w in answers])
    if kind:
        return f"say {kind}"
    mentioned = agreed([_last_place(own[: peak + 1]) for own, peak in zip(words, peaks)])
    if mentioned:
        return mentioned
    return agreed_kind(at)


def _last_place(words):
    return next((PLACE_OF[word] for word in reversed(words) if word in PLACE_OF), None)


def label(folder, show):
    labels = {}
    for layer, feature, record in packed.read(folder / "features"):
        name = name_of(record)
        if name:
            labels[f"{layer}:{feature}"] = name
        if show:
            _show(layer, feature, name, record)
    write_json(folder / "labels.json", {"labels": labels})
    print(f"{folder.name}: {len(labels)} features have names, {len(set(labels.values()))} different ones")


def _show(layer, feature, name, record):
    print(f"{layer}:{feature}  {name or '-'}  promotes {' '.join(record['top_logits'][:4])}")
    for example in record["examples_quantiles"][0]["examples"]:
        words, peak = list(example["tokens"]), example["train_token_ind"]
        words[peak] = f" [{words[peak].strip()} {example['tokens_acts_list'][peak]}]"
        print("   ", "".join(words).strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--show", action="store_true", help="print the names beside the examples")
    args = parser.parse_args()
    for folder in (PER_LAYER, CROSS_LAYER):
        label(folder, args.show)


if __name__ == "__main__":
    main()
