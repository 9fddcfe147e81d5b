"""Writes the text that feature examples are cut from: generated documents, one per line, for `circuit-tracer harvest`."""

import gzip

from corpus import Corpus, split
from settings import MODEL, RECIPE, SEED
from tokenizers import Tokenizer

DOCUMENTS = 8_192
BATCH = 128
TEXT = RECIPE / "harvest.txt.gz"


def main():
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    pad, bos = tokenizer.token_to_id("<pad>"), tokenizer.token_to_id("<bos>")
    corpus, lines = Corpus(tokenizer, split()[0], SEED + 2), []
    for ids, _ in corpus.batches(DOCUMENTS // BATCH, BATCH, pad):
        for row in ids.tolist():
            tokens = [token for token in row if token not in (pad, bos)]
            text = tokenizer.decode(tokens, skip_special_tokens=False)
            assert tokenizer.encode(text, add_special_tokens=False).ids == tokens, text
            lines.append(text)
    # Without a time, so that equal text gives equal bytes.
    TEXT.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode(), 9, mtime=0))
    print(f"{len(lines)} documents, {TEXT.stat().st_size / 2**10:.0f} KiB")


if __name__ == "__main__":
    main()
