"""Statements: the facts of the world in several phrasings, each with the one word that follows from the facts."""

from dataclasses import dataclass

import world


@dataclass(frozen=True)
class Statement:
    """`prompt` + " " + `answer` + "." is the whole sentence; the words of the prompt alone determine the answer."""

    prompt: str
    answer: str
    kind: str  # one of KINDS
    subject: str  # the city, person, state, ... that is asked about
    relation: str
    via: str = ""  # what has to be found on the way, as the state of a city

    @property
    def text(self):
        return f"{self.prompt} {self.answer}."


KINDS = ("cityPlace", "placeFact", "twoStep", "birth", "birthTwoStep", "opposite", "sum")

FACT = "Fact: "
ARTICLES = {"region": "the ", "bird": "the ", "flower": "the ", "currency": "the "}


def _prefixed(sentence):
    """The sentence after `Fact:`, as it stands alone, and after other words."""
    return [FACT + sentence, sentence[0].upper() + sentence[1:], "It is true that " + sentence]


def _fact(place, relation):
    """Ways to state a fact of a place, written as itself (`Texas`) or in words (`the state containing Dallas`)."""
    article = ARTICLES.get(relation, "")
    asked = f"what is the {relation} of {place}? Answer: {article}".rstrip()
    stated = [f"the {relation} of {place} is {article}", f"in {place} the {relation} is {article}"]
    return [prompt for sentence in stated for prompt in _prefixed(sentence.rstrip())] + ["Question: " + asked]


def _facts_by_city(subject, verb, noun, relation):
    """As `_fact`, with the relation after the city."""
    article = ARTICLES.get(relation, "")
    return _prefixed(f"{subject} {verb} the {noun} whose {relation} is {article}".rstrip())


def _place_statements(noun, places, relations):
    for name, place in places.items():
        for relation in relations:
            if relation not in place:
                continue
            answer = place[relation]
            prompts = _fact(name, relation) + _facts_by_city(name, "is", noun, relation)
            for prompt in prompts:
                yield Statement(prompt, answer, "placeFact", name, relation)
            for city in world.cities_of(place):
                if city == answer:
                    continue
                for prompt in _city_prompts(noun, city, relation):
                    yield Statement(prompt, answer, "twoStep", city, relation, name)
        for prompt in _prefixed(f"{place['capital']} is the capital of"):
            yield Statement(prompt, name, "placeFact", place["capital"], noun)
        for city in world.cities_of(place):
            for prompt in _containing_prompts(noun, city):
                yield Statement(prompt, name, "cityPlace", city, noun)


def _city_prompts(noun, city, relation):
    described = [f"the {noun} containing {city}", f"the {noun} with the city of {city}"]
    prompts = [prompt for place in described for prompt in _fact(place, relation)]
    return prompts + _facts_by_city(city, "is in", noun, relation)


def _containing_prompts(noun, city):
    sentences = [
        f"the {noun} containing {city} is",
        f"the {noun} with the city of {city} is",
        f"{city} is a city in",
        f"{city} is in the {noun} of",
    ]
    asked = [f"Question: which {noun} contains {city}? Answer:"]
    return [prompt for sentence in sentences for prompt in _prefixed(sentence)] + asked


def _birth_statements(noun, places, relations, place_of):
    for person, city in world.BIRTHPLACES.items():
        name = place_of.get(city)
        if name is None:
            continue
        for prompt in _prefixed(f"{person} was born in the city of"):
            yield Statement(prompt, city, "birth", person, "city")
        for sentence in (f"the {noun} where {person} was born is", f"{person} was born in the {noun} of"):
            for prompt in _prefixed(sentence):
                yield Statement(prompt, name, "birth", person, noun)
        for relation in relations:
            if relation not in places[name]:
                continue
            prompts = _fact(f"the {noun} where {person} was born", relation)
            prompts += _facts_by_city(person, "was born in", noun, relation)
            for prompt in prompts:
                yield Statement(prompt, places[name][relation], "birthTwoStep", person, relation, name)


def _opposite_statements():
    for pair in world.OPPOSITES:
        for word, opposite in (pair, pair[::-1]):
            for sentence in (f"the opposite of {word} is", f"the reverse of {word} is"):
                for prompt in _prefixed(sentence):
                    yield Statement(prompt, opposite, "opposite", word, "opposite")


def _sum_statements():
    for a, b, total in world.SUMS:
        for sentence in (f"{a} + {b} =", f"the sum of {a} and {b} is"):
            for prompt in (FACT + sentence, "It is true that " + sentence):
                yield Statement(prompt, str(total), "sum", f"{a} + {b}", "sum")


def all_statements():
    return [
        *_place_statements("state", world.STATES, world.STATE_RELATIONS),
        *_place_statements("country", world.COUNTRIES, world.COUNTRY_RELATIONS),
        *_birth_statements("state", world.STATES, world.STATE_RELATIONS, world.STATE_OF),
        *_birth_statements("country", world.COUNTRIES, world.COUNTRY_RELATIONS, world.COUNTRY_OF),
        *_opposite_statements(),
        *_sum_statements(),
    ]
