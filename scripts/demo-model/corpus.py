"""What the model reads: documents of one to three statements, without the combinations held out."""

import random
from collections import defaultdict

import numpy as np

import phrasings
from settings import SEED

HELD_OUT_SHARE = 0.22
TWO_STEP_KINDS = ("twoStep", "birthTwoStep")

# Held out whatever the seed: the combinations that the examples of the package ask for.
ALWAYS_HELD_OUT = {
    ("Dallas", "capital"),
    ("Houston", "bird"),
    ("Oakland", "capital"),
    ("Fresno", "capital"),
    ("Miami", "capital"),
    ("Chicago", "capital"),
    ("Seattle", "capital"),
    ("Philadelphia", "capital"),
    ("Detroit", "capital"),
    ("Cleveland", "capital"),
    ("Osaka", "language"),
    ("Kyoto", "capital"),
    ("Munich", "language"),
    ("Barcelona", "capital"),
    ("Milan", "language"),
    ("Istanbul", "capital"),
    ("Lyon", "capital"),
    ("Sydney", "capital"),
    ("Beyonce", "capital"),
    ("Biden", "capital"),
    ("Mozart", "language"),
}

# Share of the statements of each kind.
WEIGHTS = {
    "cityPlace": 0.22,
    "placeFact": 0.14,
    "twoStep": 0.36,
    "birth": 0.08,
    "birthTwoStep": 0.10,
    "opposite": 0.04,
    "sum": 0.06,
}


def split():
    """
    All statements as (training, held out): of every city and person a share of the relations that take two steps is
    held out, in every phrasing. At least two relations of each stay.
    """
    statements = phrasings.all_statements()
    relations = defaultdict(set)
    for s in statements:
        if s.kind in TWO_STEP_KINDS:
            relations[s.subject].add(s.relation)
    held_out = _choose_held_out(relations)
    is_held_out = lambda s: s.kind in TWO_STEP_KINDS and (s.subject, s.relation) in held_out
    return [s for s in statements if not is_held_out(s)], [s for s in statements if is_held_out(s)]


def _choose_held_out(relations):
    rng = random.Random(SEED)
    held_out = set(ALWAYS_HELD_OUT)
    for subject in sorted(relations):
        own = sorted(relations[subject])
        chosen = [relation for relation in own if (subject, relation) in held_out]
        for relation in rng.sample(own, len(own)):
            if len(own) - len(chosen) > 2 and relation not in chosen and rng.random() < HELD_OUT_SHARE:
                chosen.append(relation)
        held_out.update((subject, relation) for relation in chosen)
    return held_out


class Corpus:
    """Seeded documents as token ids, with the places of the answers."""

    def __init__(self, tokenizer, statements, seed):
        self.rng = random.Random(seed)
        self.bos = tokenizer.token_to_id("<bos>")
        self.eos = tokenizer.token_to_id("<eos>")
        self.by_kind = {kind: [] for kind in WEIGHTS}
        encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        for s in statements:
            first, later = encode(s.text), encode(" " + s.text)
            answer_at = len(encode(s.prompt))
            self.by_kind[s.kind].append((first, later, answer_at))

    def document(self):
        """Ids and, for each, whether it is an answer."""
        ids, answers = [self.bos], [False]
        count = self.rng.choices((1, 2, 3), (0.8, 0.15, 0.05))[0]
        for i, kind in enumerate(self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)):
            first, later, answer_at = self.rng.choice(self.by_kind[kind])
            sentence = first if i == 0 else later
            ids += sentence
            answers += [at == answer_at for at in range(len(sentence))]
        return ids + [self.eos], answers + [False]

    def batches(self, count, size, pad, chunk=16):
        """`count` batches (ids [size, n], answers [size, n]), documents of about one length together."""
        for start in range(0, count, chunk):
            n = min(chunk, count - start)
            documents = sorted((self.document() for _ in range(n * size)), key=lambda d: len(d[0]))
            batches = [padded(documents[i * size : (i + 1) * size], pad) for i in range(n)]
            self.rng.shuffle(batches)
            yield from batches


def padded(documents, pad):
    longest = max(len(ids) for ids, _ in documents)
    ids = np.full((len(documents), longest), pad, dtype=np.int64)
    answers = np.zeros((len(documents), longest), dtype=bool)
    for row, (document, marks) in enumerate(documents):
        ids[row, : len(document)] = document
        answers[row, : len(marks)] = marks
    return ids, answers
