"""A tokenizer of whole words: `▁Dallas` is one token, other words are spelled, other characters are bytes."""

import json
import re
import string

import world
import phrasings
from settings import D_MODEL, MODEL

SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
SPACE = "▁"
# Runs of letters or digits, each with the space in front of it; any other character alone, likewise.
PIECE = SPACE + r"?\p{L}+|" + SPACE + r"?\p{N}+|" + SPACE + r"?[^\p{L}\p{N}" + SPACE + "]|" + SPACE
_ASCII_PIECE = re.compile(PIECE.replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9").replace("[A-Za-z]", "A-Za-z"))


def vocabulary():
    pieces = set()
    for statement in phrasings.all_statements():
        pieces.update(_pieces(statement.text))
        pieces.update(_pieces(" " + statement.text))
    for place in (*world.STATES.values(), *world.COUNTRIES.values()):
        pieces.update(*(_pieces(" " + city) for city in world.cities_of(place)))
    characters = [SPACE, *string.printable.strip()]
    words = sorted(pieces - set(characters))
    tokens = SPECIAL + [f"<0x{byte:02X}>" for byte in range(256)] + characters + words
    return {token: i for i, token in enumerate(tokens)}


def _pieces(text):
    text = text.replace(" ", SPACE)
    return re.findall(rf"{SPACE}?[A-Za-z]+|{SPACE}?[0-9]+|{SPACE}?[^A-Za-z0-9{SPACE}]|{SPACE}", text)


def definition(vocab):
    """tokenizer.json"""
    added = [
        {"id": vocab[token], "content": token, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for token in SPECIAL
    ]
    bos = {"SpecialToken": {"id": "<bos>", "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": PIECE}, "behavior": "Isolated", "invert": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [bos, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [vocab["<bos>"]], "tokens": ["<bos>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": True,
            "ignore_merges": True,
            "vocab": vocab,
            "merges": [],
        },
    }


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main():
    vocab = vocabulary()
    specials = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    write_json(MODEL / "tokenizer.json", definition(vocab))
    write_json(MODEL / "special_tokens_map.json", specials)
    write_json(
        MODEL / "tokenizer_config.json",
        specials
        | {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "add_bos_token": True,
            "add_eos_token": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": 256,
        },
    )
    print(f"{len(vocab)} tokens, {len(vocab) * D_MODEL} weights in the embedding")


if __name__ == "__main__":
    main()
