"""Tokenizers of every style, trained anew, and what Python's tokenizers library does with texts of all of Unicode.

    python make_cases.py OUT [--random 3000] [--only STYLE]...

OUT/<style>/tokenizer.json, tokenizer_config.json and cases.json: {"encode": [[text, ids]], "decode": [[ids, text]]}.
check.js compares the package's answers with these.
"""

import argparse
import json
import pathlib
import random

from styles import STYLES, corpus

PLANES = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00), (0x1E00, 0x2100),
          (0x2000, 0x2C00), (0x3000, 0x3100), (0x4E00, 0xA000), (0xAC00, 0xD7B0), (0xF900, 0xFB50), (0xFE00, 0x10000),
          (0x10000, 0x20000), (0x1F300, 0x1FB00), (0x20000, 0x33500), (0xE0000, 0xE01F0), (0xF0000, 0x110000)]

SPECIALS = ["\u0085", "\ufeff", "\u017f", "\u212a", "\u200b", "\u200d", "\u2028", "\u180e", "\u00a0", "\u3000", "\r\n", "\n", "\n\n",
            "\t", " ", "  ", "   ", "'s", "'S", "'\u017f", "'LL", "'re", "'T", "\u00bd", "\u00b2", "\u0663", "1", "12", "1234", "a", "the",
            "The", "\u2581", "\u0120", "<0x0A>", "e\u0301", "\u0344", "\u0f73", "\u1e9e", "\u00df", "\u0130", "\u0131", "\u03a3", "\u03c2", "_",
            ".", ",", "?!", "##", "\U0001f9fa", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u0600", "\u0000", "\u0007", "\u001f",
            "\ufffd", "\ua7d2", "\U00031350", "\U000323b0", "\U00016ea0", "\u0897", "\u166d", "\U000105d2\u0307", "\uac00\u11a8",
            "<|endoftext|>", "<s>", " <mask> ", "<mask>", "word", "sub", "[UNK]", "\u4f60\u597d", "\u00e9", "\u0301"]

FIXED = ["", " ", "\ufeff", "\u0085\u2028\u2029", "caf\u00e9 na\u00efve", "\u2764\ufe0f \u2603\ufe0e \u00a9\u00ae\u2122", "line\nbreak\n\nparagraph\n",
         "def f(x):\n    return x**2  # comment\n\n\tprint('ok')", "3.14159e-10 1,234,567 \u00bd \u00b2 \u2167 \u0663\u0664 \u0967\u0968",
         "I'm you're THEY'LL We'd it'\u017f DON'T", "\u017f1\n\n&", "\n\n\u205f\u2019", "\u1680\u0663\n\n\u200d", "word subword words",
         "a" * 300, "ab " * 100, "\u4f60" * 50, "   leading and trailing   ", "x\r\ny\r\n", "\U0001f468\u200d\U0001f469", "\u0338=\u0338"]


def texts(count, seed):
    rng = random.Random(seed)

    def character():
        low, high = PLANES[rng.randrange(len(PLANES))]
        while True:
            code = rng.randrange(low, high)
            if not 0xD800 <= code <= 0xDFFF:
                return chr(code)

    def part():
        kind = rng.random()
        if kind < 0.45:
            return rng.choice(SPECIALS)
        if kind < 0.8:
            return character()
        if kind < 0.9:
            return chr(rng.randrange(0x20, 0x7F)) * rng.randrange(1, 4)
        return rng.choice(corpus()).split(" ")[0]

    return FIXED + ["".join(part() for _ in range(rng.randrange(1, 14))) for _ in range(count)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--random", type=int, default=3000)
    parser.add_argument("--only", action="append", default=[], help="a style; may be repeated")
    args = parser.parse_args()
    for number, (name, make) in enumerate(STYLES.items()):
        if args.only and name not in args.only:
            continue
        tokenizer, config = make()
        folder = args.out / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        encode = []
        for text in texts(args.random, number):
            try:
                encode.append([text, tokenizer.encode(text, add_special_tokens=False).ids])
            except Exception:  # The vocabulary has no token for unknown text.
                encode.append([text, None])
            except BaseException as panic:  # The library itself fails at added tokens that strip each other's spaces.
                if type(panic).__name__ != "PanicException":
                    raise
        rng = random.Random(1000 + number)
        size = tokenizer.get_vocab_size()
        lists = [[rng.randrange(size) for _ in range(rng.randrange(1, 12))] for _ in range(args.random)]
        lists += [ids for _, ids in encode if ids]
        decode = [[ids, tokenizer.decode(ids, skip_special_tokens=False)] for ids in lists]
        (folder / "cases.json").write_text(json.dumps({"encode": encode, "decode": decode}, separators=(",", ":")))
        print(name, len(encode), len(decode))


if __name__ == "__main__":
    main()
